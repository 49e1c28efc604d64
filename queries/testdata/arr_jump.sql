-- When does the ARR of a small company jump? Acme, Birch, Cedar and Dune pay 10,000 each.
insert into stored_contracts (contract_id, account_id, product, acv, currency, starts_on, ends_before) values
    ('acme',  'acme',  'a', 10000, '',    '2023-01-01', '2024-03-15'),
    ('birch', 'birch', 'a', 10000, '',    '2023-01-01', '2024-06-10'),
    ('cedar', 'cedar', 'a', 10000, '',    '2023-01-01', '2024-06-10'),
    ('dune',  'dune',  'a', 10000, 'EUR', '2023-01-01', null);
insert into stored_fx_rates (currency, day, rate) values ('EUR', '2023-01-01', 1), ('EUR', '2024-01-01', 2);

-- By hand: in January the euro doubles, but both sides of a day are at one rate. Acme leaves on 15 March, 10,000 of 50,000 (Dune's are 20,000 dollars since January):
-- less than a third. Birch and Cedar leave on 10 June, 20,000 of 40,000, and they are two.
select day, id, reason from quality_detail where day in ('2024-01-05', '2024-03-20', '2024-06-20') and check = 'arr_jump' order by day;

-- Dune, alone since then, goes over to 12,000 a year on 1 August and is followed by Elm, who pays 11,000, on the 20th: nothing that is unusual. On 1 September the
-- price of Elm's second product comes in cents.
insert into stored_contracts (contract_id, account_id, product, acv, currency, starts_on, ends_before, renewed_from) values
    ('dune-2', 'dune', 'a', 12000,  '', '2024-08-01', null, 'dune'),
    ('elm',    'elm',  'a', 11000,  '', '2024-08-20', null, ''),
    ('elm-2',  'elm',  'b', 240000, '', '2024-09-01', null, '');
-- By hand: 20,000 to 12,000 and 12,000 to 23,000 are more than a third, but of one account each; 23,000 to 263,000 is more than double.
select day, id, reason, affected, unit from quality_detail where day in ('2024-08-25', '2024-09-05') and check = 'arr_jump' order by day, id;
