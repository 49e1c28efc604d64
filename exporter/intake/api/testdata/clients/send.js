// Sends what clients_test.go expects, by the client and to the address that are named: send.js CLIENT URL KEY
const [client, url, key] = process.argv.slice(2);
const fail = (e) => { console.error(e); process.exitCode = 1; };
const at = (minute) => new Date(Date.UTC(2024, 5, 15, 10, minute));
const events = 40;

async function segment() {
  const { Analytics } = require('@segment/analytics-node');
  const analytics = new Analytics({ host: url, writeKey: key, flushAt: 7, flushInterval: 50 });
  analytics.on('error', (e) => fail(e.reason ?? e));
  send(analytics);
  await analytics.closeAndFlush({ timeout: 20000 });
}

function send(analytics) {
  const [userId, groupId] = [`${client}-user`, `${client}-account`];
  analytics.identify({ userId, traits: { email: 'somebody@example.com' }, timestamp: at(0) });
  analytics.group({ userId, groupId, traits: { name: `Account of ${client}`, industry: 'steel' }, timestamp: at(1) });
  for (let i = 0; i < events; i++) {
    analytics.track({ userId, event: 'Report Run', properties: { number: i, html: '<&>' }, timestamp: at(2), messageId: `${client}-${i}` });
  }
  analytics.page({ userId, name: 'Home', timestamp: at(3) });
  analytics.alias({ userId: `${client}-alias`, previousId: userId, timestamp: at(4) });
  analytics.track({ userId: `${client}-alias`, event: 'Report Run', timestamp: at(5), messageId: `${client}-last` });
}

({ 'node-segment': segment })[client]().catch(fail);
