-- A currency without exchange rate: the accounts that need it are left out of the day, and reported. Nothing else stops.

-- A payment system writes usd in small letters, which is no currency that anybody knows: Kite pays 300 of it, and 500 in dollars. Lark pays 1,000 dollars.
insert into stored_contracts (contract_id, account_id, acv, currency, starts_on) values
    ('kite-1', 'kite', 300,  'usd', '2024-01-01'),
    ('kite-2', 'kite', 500,  'USD', '2024-03-01'),
    ('lark',   'lark', 1000, 'USD', '2023-01-01');

-- By hand: Lark alone, 1,000, and its retention is 1. Of Kite all is left out, rather than a part: reported are the 300 that lack a rate.
select segment, amount, accounts from arr where day = '2024-06-30' and accounts > 0;
select ratio, accounts from nrr where day = '2024-06-30' and window = '12m' and segment = 'tech';
select currency, accounts, amount from unvalued where day = '2024-06-30';
select account_id, currency, amount from unvalued_detail where day = '2024-06-30';

-- Before Kite came, nothing was missing.
select count() as currencies from unvalued where day = '2023-12-31';

-- Somebody enters that one usd is one dollar. By hand: 300 + 500 + 1,000, today and on all days before; nothing is reported.
insert into stored_fx_rates (currency, day, rate) values ('usd', '2024-01-01', 1);
select day, amount, accounts from arr where day in ('2024-02-29', '2024-06-30') and segment = 'tech' order by day;
select count() as currencies from unvalued where day = '2024-06-30';
