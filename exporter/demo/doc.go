// Package demo generates a company: facts for every table, seeded and deterministic, so that every KPI and board
// has something true to show, and the same generator makes large sets.
//
// # The company
//
// It sells three products (Visit, Insight, Connect) by the seat to five kinds of departments, in its reporting
// currency and two more. 400 accounts over three years by default. First contracts have grown by a quarter a year;
// two in five customers are older than the history, up to three years, and only their contracts, milestones and
// owners go back so far: everything else begins with the history. Annual values are log-normal, from 500 to
// 500,000 dollars at the first sale, and make the touch model: some 10 % of the paying accounts are high touch (from
// 100,000), 40 % low (from 10,000), 50 % tech. In a currency of smaller units all amounts and both thresholds
// grow by a power of ten, and the settings say so. One account in twenty never buys after its trial, a few are
// holdings of others, or tests of our own.
//
// # What causes what
//
// Each customer has a hidden fit (fixed) and a hidden health (0 to 1, about 0.64), which is told week by week:
//
//   - Onboarding comes first. It fails for one customer in seven who signed before the second year of the history,
//     and for one in twenty since, when a team of its own took it over; less at high touch and good fit, more at
//     tech touch. A failed onboarding misses its milestones, never gets past a third of the seats, and costs health
//     for more than a year: two thirds of those customers are gone after 18 months, against one in seven.
//   - Blows fall on a customer once in two years: a champion leaves, a reorganisation, a change of policy, a
//     budget cut, a competitor, a fault of ours. They cost health, and pass three times as fast where a CSM has
//     noticed them and is in touch.
//   - Coverage: CSMs touch accounts by segment (cadence 30, 90, 180 days), their own diligence and their load, more
//     during onboarding, with an open risk, before a renewal, and hardly at all while an account is neglected or has
//     just been handed over. In touch, health is worth 0.14 more than out of touch. Nine of ten accounts of high
//     and low touch are covered, four of five of tech touch.
//   - Usage follows health: fewer users, on fewer days, with fewer features. Three of five churned accounts used a
//     quarter less in their last weeks than months before; one in seven of the others did.
//   - Decisions are taken one to five months before a contract ends (from month to month: at any time), by the
//     health of the last two months: at 0.58 the chance to leave is 9 %, 7 % and 17 % by segment, at 0.45
//     it is about three times that, and a verified value review takes two fifths off. Some leave at good health:
//     a business closes, a budget goes. In a year some 5 %, 8 % and 20 % of the accounts leave, with notice and a
//     reason mostly; one in six lapses in silence. onboarding_failed is the reason of a quarter of the churn in the
//     first year of the history and of half as much later. One in nine comes back.
//   - Risks are raised where a CSM notices a blow, or idle licences in the usage report, and at times for no good
//     reason: three of five churned accounts of high and low touch had one, and four of five risks come to nothing.
//     Each brings to-dos, of which busy people do fewer in time.
//   - Expansion begins with demand that outgrows the seats. Weeks later there is an opportunity: created by CS in
//     two of three cases, oftener where the CSM is in touch; it is won in more than half, the oftener the better
//     the health. More seats are an upsell, which replaces the contract; another product is a cross-sell, another
//     department an extension, whose users appear before it is sold. One in four larger customers lands small, with
//     a planned expansion. Renewals may be early or late, carry an uplift, or, where seats lie idle, a downsell.
//   - Tickets, complaints, survey answers, opened mails and webinars follow health; executive contact and value
//     reviews gather before renewals.
//
// Together: ARR grows by a third a year, NRR is about 1.10 (high touch above tech touch by a quarter), GRR 0.93.
//
// # How it is made
//
// New tells the whole story once, week by week for all accounts together, because they share the CSMs' time; that
// takes about 30 ms for the default company. What changes nothing in the story (usage, tickets, surveys,
// engagements, feedback) is drawn while it is written. All chance comes from streams that belong to one purpose and
// one account, so that neither the order of tables nor their number changes a byte. Only whether customers leave and
// whether sales are won is kept by a tally for each segment, so that a small company is a typical one.
//
// Usage events are written day by day. By default the users do what they naturally would, about 550,000
// events; Options.Events scales that number up, by more events a user and day, or down, by fewer days.
package demo
