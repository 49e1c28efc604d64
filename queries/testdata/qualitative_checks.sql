-- Did a person look at the customer, whatever usage says?

-- On 30 June 2024: high from 1 June on, low from 2 April.
insert into stored_contracts (contract_id, account_id, product, acv, starts_on) values
    ('acme', 'acme', 'core', 120000, '2023-01-01'), ('birch', 'birch', 'core', 120000, '2023-01-01'), ('cedar', 'cedar', 'core', 120000, '2023-01-01'),
    ('dune', 'dune', 'core', 120000, '2023-01-01'), ('elm', 'elm', 'core', 20000, '2023-01-01'), ('fir', 'fir', 'core', 20000, '2024-06-01'),
    ('gum', 'gum', 'core', 20000, '2023-01-01');

-- Acme: an opportunity, later a risk: both. Birch was met, but nobody noted an impression. With Cedar the impression was got by
-- mail, which does not count for high touch. Of Dune a risk was raised on the first of the 30 days, of Gum one on the day
-- before its 90. Elm is neutral. Fir is too new.
insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, sentiment) values
    ('1', 'acme',  'meeting', '2024-06-05 09:00:00', 'opportunity'),
    ('2', 'acme',  'call',    '2024-06-20 09:00:00', 'risk'),
    ('3', 'birch', 'meeting', '2024-06-05 09:00:00', ''),
    ('4', 'cedar', 'email',   '2024-06-05 09:00:00', 'risk'),
    ('5', 'elm',   'call',    '2024-04-02 09:00:00', 'neutral'),
    ('6', 'fir',   'call',    '2024-06-20 09:00:00', 'risk');
insert into stored_risks (risk_id, account_id, kind, severity, raised_on, closed_on) values
    ('1', 'dune', 'budget', 2, '2024-06-01', '2024-06-10'),
    ('2', 'gum',  'budget', 2, '2024-04-01', null),
    ('3', 'birch', 'budget', 2, '2024-07-01', null);

-- By hand: high Acme and Dune, of Acme, Birch, Cedar and Dune: 2 of 4, risk 2, opportunity 1; low Elm, of Elm and Gum: 1 of 2.
select * from qualitative_checks where day = '2024-06-30' order by segment;
select * from qualitative_checks_detail where day = '2024-06-30' order by segment, account_id;
