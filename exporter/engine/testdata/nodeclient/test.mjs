// ClickHouse's client for Node.js against the local engine: node test.mjs URL TOKEN READERS_URL.
// It ends with an error where the engine answers unlike a server.
import assert from 'node:assert/strict'
import { createClient } from '@clickhouse/client'

const [url, token, readers] = process.argv.slice(2)
const headers = { 'X-Cskpi-Token': token }

for (const compression of [{}, { request: true, response: true }]) {
  const service = createClient({ url, http_headers: headers, compression })
  assert.equal((await service.ping()).success, true)
  await service.command({ query: 'create database if not exists cs' })
  await service.command({ query: 'create or replace table cs.node (id UInt64, s String, at DateTime64(3)) engine = MergeTree order by id' })

  const values = Array.from({ length: 5000 }, (_, id) => ({ id, s: `line\n"${id}" ü`, at: 1709251199999 + id }))
  const inserted = await service.insert({ table: 'cs.node', values, format: 'JSONEachRow' })
  assert.equal(inserted.summary?.written_rows, '5000')
  assert.match(inserted.query_id, /^[0-9a-f-]{36}$/)
  await service.insert({ table: 'cs.node', values: [[5000, 'compact', 0]], format: 'JSONCompactEachRow', columns: ['id', 's', 'at'] })

  const result = await service.query({
    query: 'select id, s from cs.node where id >= {from:UInt64} order by id limit 2',
    query_params: { from: 4999 }, format: 'JSON', query_id: 'node-query', clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  assert.equal(result.query_id, 'node-query')
  const document = await result.json()
  assert.deepEqual(document.data, [{ id: 4999, s: 'line\n"4999" ü' }, { id: 5000, s: 'compact' }])
  assert.equal(document.rows, 2)

  let rows = 0
  const streamed = await service.query({ query: 'select number from numbers(200000)', format: 'JSONEachRow' })
  for await (const batch of streamed.stream()) rows += batch.length
  assert.equal(rows, 200000)

  await assert.rejects(service.query({ query: 'select * from cs.nowhere', format: 'JSON' }), { code: '60', type: 'UNKNOWN_TABLE' })
  await assert.rejects(service.query({ query: 'select sleepEachRow(1) from numbers(3)', format: 'JSON', clickhouse_settings: { max_execution_time: 1 } }), { code: '159' })
  await service.close()

  const reader = createClient({ url: readers, compression })
  assert.deepEqual(await (await reader.query({ query: 'select 1 as x', format: 'JSONEachRow' })).json(), [{ x: 1 }])
  await assert.rejects(reader.command({ query: 'drop table cs.node' }), { code: '164' })
  await assert.rejects(reader.insert({ table: 'cs.node', values: [{ id: 1 }], format: 'JSONEachRow' }), { code: '164' })
  await reader.close()

  // Parameters that are too long for a URL go into a form, and a session is the client's to name.
  const ids = Array.from({ length: 2000 }, (_, id) => `id-${id}`)
  const analyst = createClient({ url: readers, compression: { response: compression.response }, database: 'cs', session_id: 'node', use_multipart_params_auto: true,
    clickhouse_settings: { send_progress_in_http_headers: 1, wait_end_of_query: 1 } })
  const long = await analyst.query({ query: 'select length({ids:Array(String)}) as n, {s:String} as s', query_params: { ids, s: "it's\tü" }, format: 'JSONEachRow' })
  assert.deepEqual(await long.json(), [{ n: 2000, s: "it's\tü" }])
  const comments = await analyst.query({ query: 'select name, type from system.columns where database = {db:String} and table = {t:String}', query_params: { db: 'cs', t: 'node' }, format: 'JSONCompactEachRow' })
  assert.deepEqual(await comments.json(), [['id', 'UInt64'], ['s', 'String'], ['at', 'DateTime64(3)']])
  await analyst.close()
}
console.log('all is well')
