-- What boards mark: the fiscal year begins in April; a setting was changed from March on and again, to the same, from May on; a
-- definition was changed on 10 June in Tokyo, which is 9 June by UTC.
insert into stored_settings (name, starts_on, value) values ('fiscal_year_start', '1970-01-01', '4'), ('timezone', '1970-01-01', 'Asia/Tokyo');
insert into stored_settings (name, segment, starts_on, value) values
    ('grace_days', '', '2024-03-01', '20'), ('grace_days', '', '2024-05-01', '20'), ('grace_days', '', '2024-06-20', '10'),
    ('touch_days', 'high', '2024-03-01', '14');
insert into kpi_runs (view, as_of, computed_at, definition, reason) values
    ('arr', '2024-06-01', '2024-06-02 01:00:00', 'a', 'first'),
    ('arr', '2024-06-01', '2024-06-09 20:00:00', 'b', 'definition'),
    ('arr', '2024-05-31', '2024-06-09 21:00:00', 'b', 'definition');

select day, kind, text from annotations where day between '2023-10-01' and '2024-06-15' order by day, kind, text;

-- By hand: five fiscal years with four quarters each, but for three that have not begun; the earliest in April 2020.
select kind, count() as marks, min(day) as first_on, max(day) as last_on from annotations where day <= '2024-06-15' group by kind order by kind;
select day, kind, text from annotations where day > '2024-06-15' and day <= '2024-07-01' order by day, kind, text;
select count() as definitions from annotations where day <= '2024-06-09' and kind = 'definition';
