-- Renewal rate over trailing windows.
-- ja: 契約更新率
--
-- Contracts renewed over contracts that were due in the window, by their original due date: one renewed early counts when
-- it would have been due. Undecided ones are in neither part. What a renewal adds is expansion, not renewal: it is uplift here, and
-- not in the ratio.
--
-- ja: 期間内に更新期限を迎えた契約のうち、更新された割合。当初の期限で数え、早期更新も本来の期限の時点で数える。結果が未定の契約は
-- ja: 分子にも分母にも入らない。更新時の増額はアップリフトとして別に示し、更新率には含めない。
--
-- Columns:
--   day                key   Day.
--   segment            label Touch-model segment of the account at the start of the window.
--   window             label Length of the window.
--   ratio              gauge Renewed ARR over due ARR.
--   renewed_arr        gauge ARR that was renewed, at most what was due, in the reporting currency.
--   due_arr            gauge ARR that was due, in the reporting currency.
--   uplift_arr         gauge ARR that the renewals added to what was due, in the reporting currency.
--   renewed_contracts  gauge Contracts that were renewed.
--   due_contracts      gauge Contracts that were due.
--   uplifted_contracts gauge Renewed contracts whose renewal is worth more.
--   downsold_contracts gauge Renewed contracts whose renewal is worth less.
--
-- Group: Revenue, 11
-- Every: 15m
-- Stored: by day

select
    g.day as day, g.segment as segment, g.window as window,
    cs_ratio(d.renewed_arr, d.due_arr) as ratio,
    cs_float(d.renewed_arr) as renewed_arr,
    cs_float(d.due_arr) as due_arr,
    cs_float(d.uplift_arr) as uplift_arr,
    d.renewed_contracts as renewed_contracts, d.due_contracts as due_contracts,
    d.uplifted_contracts as uplifted_contracts, d.downsold_contracts as downsold_contracts
from segment_windows as g
left join (
    select
        day, segment, window, sum(x.renewed_arr) as renewed_arr, sum(x.due_arr) as due_arr, sum(x.uplift_arr) as uplift_arr,
        sum(x.renewed_contracts) as renewed_contracts, sum(x.due_contracts) as due_contracts,
        sum(x.uplifted_contracts) as uplifted_contracts, sum(x.downsold_contracts) as downsold_contracts
    from renewal_rate_detail as x
    group by day, segment, window
) as d on d.day = g.day and d.segment = g.segment and d.window = g.window
