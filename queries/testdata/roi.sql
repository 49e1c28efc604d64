-- What did customers gain, and is it confirmed by fact?

-- Six low-touch accounts; Gum left.
insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values
    ('1', 'acme', 20000, '2023-01-01', '2025-01-01'), ('2', 'birch', 20000, '2023-01-01', '2025-01-01'), ('3', 'cedar', 20000, '2023-01-01', '2025-01-01'),
    ('4', 'dune', 20000, '2023-01-01', '2025-01-01'), ('5', 'elm',   20000, '2023-01-01', '2025-01-01'), ('6', 'fir',   20000, '2023-01-01', '2025-01-01'),
    ('7', 'gum',  20000, '2023-01-01', '2024-05-01');

-- Acme 0.5 in 2023, 0.2 in March, and unverified 0.9 in May: 0.2. Birch 0.3, on 2 July 2023, 364 days ago; Cedar a day earlier: too long. Dune is verified without a number;
-- Elm only unverified, and verified tomorrow. Fir has none.
insert into stored_value_reviews (review_id, account_id, reviewed_on, improvement_ratio, is_verified) values
    ('1', 'acme',  '2023-12-01', 0.5, true),  ('2', 'acme', '2024-03-01', 0.2, true), ('3', 'acme', '2024-05-01', 0.9, false),
    ('4', 'birch', '2023-07-02', 0.3, true),  ('5', 'cedar', '2023-07-01', 0.9, true), ('6', 'dune', '2024-03-01', null, true),
    ('7', 'elm',   '2024-03-01', 0.9, false), ('8', 'elm', '2024-07-01', 0.9, true), ('9', 'gum', '2024-03-01', 0.9, true);

-- By hand, at the end of 30 June 2024: Acme, Birch and Dune of 6: 0.5; the median of 0.2 and 0.3 is 0.25.
select * from roi where day = '2024-06-30' order by segment;
select * from roi_detail where day = '2024-06-30' order by account_id;
