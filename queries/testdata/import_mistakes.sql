-- What an import may have got wrong, and what only looks like it. Of each check there is a case, and one that is nearly the same and in order.
-- All of it is looked at on 30 June 2024; everybody is in accounts but for nobody in particular.
insert into stored_accounts (account_id, name, created_on)
select id, concat('Company ', id), '2020-01-01' from (select arrayJoin([
    'rowan', 'sedge', 'teasel', 'umbel', 'vetch', 'willow', 'yarrow', 'zinnia', 'alder', 'briar', 'clover', 'daisy', 'elder', 'fennel', 'gorse', 'holly', 'ivy']) as id);

-- The last day in place of the first day that is not covered. Rowan's year ends "before" 31 December, and its renewal begins on 1 January. Sedge's product a is
-- followed a day later by a contract that names nothing. Teasel's only contract is a year less a day. In order: Umbel's renewal begins on the day itself, Vetch's
-- after a gap of a month, and Willow's 365 days lie across a leap day and so are a day less than a year, too. Of Holly's contracts without
-- links, one ends a day before another one begins, but a third one of the same product covers that day.
-- Ivy bought more on the second day of her year, up to its end.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on, ends_before, renewed_from) values
    ('rowan-1',  'rowan',  'a', 10000, '2023-01-01', '2023-12-31', ''),
    ('rowan-2',  'rowan',  'a', 12000, '2024-01-01', null,         'rowan-1'),
    ('sedge-1',  'sedge',  'a', 5000,  '2023-11-16', '2024-04-30', ''),
    ('sedge-2',  'sedge',  'a', 5000,  '2024-05-01', null,         ''),
    ('teasel',   'teasel', 'a', 7000,  '2022-03-01', '2023-02-28', ''),
    ('umbel-1',  'umbel',  'a', 10000, '2023-02-01', '2024-01-31', ''),
    ('umbel-2',  'umbel',  'a', 10000, '2024-01-31', null,         'umbel-1'),
    ('vetch-1',  'vetch',  'a', 10000, '2023-01-01', '2024-01-01', ''),
    ('vetch-2',  'vetch',  'a', 10000, '2024-02-01', null,         'vetch-1'),
    ('willow',   'willow', 'a', 10000, '2024-01-01', '2024-12-31', ''),
    ('holly-1',  'holly',  'a', 1000,  '2024-01-15', '2024-03-01', ''),
    ('holly-2',  'holly',  'a', 1000,  '2024-03-02', null,         ''),
    ('holly-3',  'holly',  'a', 1000,  '2024-01-20', null,         ''),
    ('ivy-1',    'ivy',    'a', 1000,  '2022-06-28', '2023-06-28', ''),
    ('ivy-2',    'ivy',    'a', 1200,  '2022-06-29', '2023-06-28', 'ivy-1');

-- By hand: Rowan's first year and Teasel's are a day short from their first days on, Rowan's has its successor, too; Sedge's is known by its successor.
select check, id, account_id, reason, affected, unit from quality_detail where day = '2024-06-30' and check = 'inclusive_end' order by id;
-- By hand, on 30 April: Sedge's contract is followed by nothing yet, and Rowan's and Teasel's ends are as wrong as later.
select id from quality_detail where day = '2024-04-30' and check = 'inclusive_end' order by id;

-- Orders in place of running contracts. Yarrow's paid year gives way to an order of 0 after five months, Zinnia's terms are set to 0 from March on. Alder buys 3,000 more,
-- and the order has the 3,000 and not the 13,000; Briar's flat renewal is a third of what it renews, half a year before the end; Clover's change is -2,000.
-- In order: Daisy gave notice in April and has a free contract from May on; Elder's year ends, and a free one follows; Fennel really bought more;
-- Gorse renews at a third a month before the end.
insert into stored_contracts (contract_id, account_id, product, kind, acv, starts_on, ends_before, renewed_from, notice_on, valid_from) values
    ('yarrow-1', 'yarrow', 'a', '',        60000, '2024-01-01', '2025-01-01', '',         null,         '1970-01-01'),
    ('yarrow-2', 'yarrow', 'a', '',        0,     '2024-06-01', '2025-01-01', 'yarrow-1', null,         '1970-01-01'),
    ('zinnia',   'zinnia', 'a', '',        8000,  '2024-01-01', null,         '',         null,         '1970-01-01'),
    ('zinnia',   'zinnia', 'a', '',        0,     '2024-01-01', null,         '',         null,         '2024-03-01'),
    ('alder-1',  'alder',  'a', '',        10000, '2024-01-01', '2025-01-01', '',         null,         '1970-01-01'),
    ('alder-2',  'alder',  'a', 'upsell',  3000,  '2024-12-01', '2025-12-01', 'alder-1',  null,         '1970-01-01'),
    ('briar-1',  'briar',  'a', '',        9000,  '2024-01-01', '2025-01-01', '',         null,         '1970-01-01'),
    ('briar-2',  'briar',  'a', 'renewal', 3000,  '2024-06-15', '2025-06-15', 'briar-1',  null,         '1970-01-01'),
    ('clover-1', 'clover', 'a', '',        9000,  '2024-01-01', '2025-01-01', '',         null,         '1970-01-01'),
    ('clover-2', 'clover', 'a', '',        -2000, '2024-06-20', '2025-01-01', 'clover-1', null,         '1970-01-01'),
    ('daisy-1',  'daisy',  'a', '',        9000,  '2024-01-01', '2025-01-01', '',         '2024-04-15', '1970-01-01'),
    ('daisy-2',  'daisy',  'a', '',        0,     '2024-05-01', null,         'daisy-1',  null,         '1970-01-01'),
    ('elder-1',  'elder',  'a', '',        9000,  '2023-05-01', '2024-05-01', '',         null,         '1970-01-01'),
    ('elder-2',  'elder',  'a', '',        0,     '2024-05-01', null,         'elder-1',  null,         '1970-01-01'),
    ('fennel-1', 'fennel', 'a', '',        9000,  '2024-01-01', '2025-01-01', '',         null,         '1970-01-01'),
    ('fennel-2', 'fennel', 'a', 'upsell',  12000, '2024-06-01', '2025-06-01', 'fennel-1', null,         '1970-01-01'),
    ('gorse-1',  'gorse',  'a', '',        9000,  '2023-07-15', '2024-07-15', '',         null,         '1970-01-01'),
    ('gorse-2',  'gorse',  'a', 'renewal', 3000,  '2024-06-15', '2025-06-15', 'gorse-1',  null,         '1970-01-01');

-- By hand: Yarrow and Zinnia; Briar and Clover, whose negative value counts as nothing. Alder's upsell is not yet known on 30 June.
select check, id, account_id, reason, affected, unit from quality_detail where day = '2024-06-30' and check in ('order_without_value', 'difference_as_total') order by check desc, id;
select id, reason, affected from quality_detail where day = '2024-12-31' and check = 'difference_as_total' order by id;

-- By hand: on 1 June ARR falls by Yarrow's 60,000 and rises by Fennel's 3,000, from 155,000 to 98,000. On 29 June that is 28 days ago, and on no other day a third
-- came or went.
select id, reason, affected, unit from quality_detail where day = '2024-06-28' and check = 'arr_jump';
select day, id from quality_detail where day in ('2024-06-28', '2024-06-29') and check = 'arr_jump';
-- With a threshold of a tenth: on 15 June 12,000 of 98,000 go (Briar and Gorse), on the 20th 9,000 of 86,000 (Clover).
insert into stored_settings (name, starts_on, value) values ('arr_jump_ratio', '2024-06-30', '0.1');
select id, reason from quality_detail where day = '2024-06-30' and check = 'arr_jump' order by id;

-- Exceptions: a row that is right as it is, and a check that does not apply, which then has no row in quality.
insert into stored_settings (name, starts_on, value) values ('quality_exceptions', '2024-06-30', 'arr_jump/2024-06-15,inclusive_end/teasel,order_without_value');
select check, id from quality_detail where day = '2024-06-30' and check in ('arr_jump', 'inclusive_end', 'order_without_value') order by check, id;
select check, violations from quality where day = '2024-06-30' and check in ('arr_jump', 'inclusive_end', 'order_without_value') order by check;
select check, violations from quality where day = '2024-06-29' and check in ('arr_jump', 'inclusive_end', 'order_without_value') order by check;
