package dashboards

// service shows whether the numbers can be believed: whether facts are fresh, queries run, and told numbers stay.
func service(k *kpis) board {
	check := func(title, note text, value expr, unit unit, sound expr, wrong text) panel {
		return panel{
			title: title, note: note, width: 4, look: tile, unit: unit,
			ask: []target{
				{prom: write("%s and (%s)", value, sound), name: text{"✓ well", "✓ 正常"}, color: good, over: latest},
				{prom: write("%s unless (%s)", value, sound), name: wrong, color: bad, over: latest},
			},
		}
	}
	none := func(e expr) expr { return write("%s == 0", e) }
	failing := write("count(%s == 0) or vector(0)", own("cs_exporter_query_success", "query"))
	overdue := write("max(%s / %s)", own("cs_exporter_query_age_seconds", "query"), own("cs_exporter_query_max_age_seconds", "query"))
	violations := sum(k.of("quality.violations"))
	rate := func(metric, by string) expr {
		return write("sum by (" + by + ") (increase(" + metric + `{job="$job"}[$__rate_interval]))`)
	}
	return board{
		title: text{"cskpi itself", "cskpiの稼働状況"},
		about: text{"Whether the numbers can be believed: facts fresh, queries running, told numbers unchanged.", "数値を信頼できるか:データの鮮度、計算の成否、報告済みの数値の修正。"},
		from:  "now-24h",
		rows: []row{
			{
				height: 5, panels: []panel{
					check(text{"KPIs that cannot be computed", "計算に失敗しているKPI"}, text{"KPIs whose last run failed. Their last good values are shown until they are too old.", "直近の計算が失敗したKPIの数。古くなりすぎるまで、最後の正しい値を示す。"},
						failing, count, none(write("(%s)", failing)), text{"‼ failing", "‼ 失敗"}),
					check(text{"Age of the oldest KPI", "最も古いKPIの経過時間"}, text{"Age of the last good result over the age at which it is no longer shown: at 100 % a KPI vanishes.", "最後の正しい結果の経過時間を、表示しなくなるまでの時間で割ったもの。100%で値が消える。"},
						overdue, percent, write("%s < 0.8", overdue), text{"‼ old", "‼ 古い"}),
					check(text{"Local engine", "ローカルエンジン"}, text{"Whether the engine answers: 1 yes, 0 no. With a ClickHouse server of your own there is none.", "エンジンが応答しているか(1:はい、0:いいえ)。ClickHouseサーバーを使う場合はない。"},
						own("cs_exporter_engine_up"), count, write("%s == 1", own("cs_exporter_engine_up")), text{"‼ down", "‼ 停止"}),
					check(text{"Past days still to be computed", "未計算の過去日数"}, text{"Days of KPIs that have closed and are not computed yet; some minutes after a day has closed there are none.", "締まったがまだ計算していない日数。日付が変わって数分後には0になる。"},
						own("cs_history_missing"), count, none(own("cs_history_missing")), text{"… at work", "… 計算中"}),
					check(text{"Facts that contradict each other", "矛盾するデータ"}, text{"Facts that contradict themselves or each other; the table below says which.", "矛盾している事実の件数。内訳は下の表。"},
						violations, count, none(violations), text{"! look below", "! 下の表を確認"}),
					check(text{"Days of usage to be rolled up", "未集計の利用日数"}, text{"Days whose usage events have arrived and are not rolled up yet.", "利用イベントが届き、まだ集計していない日数。"},
						own("cs_exporter_rollup_pending"), count, none(own("cs_exporter_rollup_pending")), text{"… at work", "… 集計中"}),
				},
			},
			{
				height: 10, panels: []panel{
					{
						title: text{"Facts: the latest of each table", "各表の最新データ"}, about: []string{"freshness"}, width: 10, look: table, unit: count, live: true,
						ask: []target{
							{prom: write("1000 * %s", k.of("freshness.latest_timestamp_seconds")), over: listed}, {prom: k.of("freshness.rows"), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("table"), without("Time")},
						fields: []override{
							{field: "table", name: text{"Table", "表"}}, {field: "Value #A", name: text{"Latest", "最新"}, unit: &instant}, {field: "Value #B", name: text{"Rows", "行数"}},
						},
					},
					{
						title: text{"How long KPIs take to compute: the twelve slowest", "計算時間(長い順に12件)"}, width: 7, look: ranking, unit: seconds, live: true,
						note: text{"Duration of the last run of each query.", "各クエリの直近の実行時間。"},
						ask:  []target{{prom: write("topk(12, %s)", own("cs_exporter_query_duration_seconds", "query")), legend: "{{query}}", over: latest}},
					},
					{
						title: text{"KPIs whose last run failed", "失敗しているKPI"}, width: 7, look: table, unit: count, live: true,
						note:  text{"/debug/query?name=NAME of cskpi tells the statement and the error.", "cskpiの/debug/query?name=NAMEで、SQLとエラーを確認できる。"},
						empty: text{"✓ All KPIs are computed", "✓ 全てのKPIが計算されています"},
						ask: []target{
							{prom: write("%s and on (query) (%s == 0)", own("cs_exporter_query_age_seconds", "query"), own("cs_exporter_query_success", "query")), over: listed},
						},
						change: []object{without("Time")},
						fields: []override{{field: "query", name: text{"KPI", "KPI"}}, {field: "Value", name: text{"Age of the last good result", "最後の正しい結果の経過時間"}, unit: &seconds}},
					},
				},
			},
			{
				height: 8, panels: []panel{
					{
						title: text{"Age of KPIs, of what is allowed", "KPIの経過時間(許容に対する割合)"}, width: 8, look: trend, unit: percent, live: true, min: new(0.0),
						note: text{"Age of the last good result over the age at which it is no longer shown, of the oldest KPI and in the mean. It falls when a KPI is computed again.", "最後の正しい結果の経過時間を、表示しなくなるまでの時間で割ったもの(最も古いKPIと平均)。再計算で下がる。"},
						ask: []target{
							{prom: overdue, name: text{"Oldest", "最も古いKPI"}, color: blue},
							{prom: write("avg(%s / %s)", own("cs_exporter_query_age_seconds", "query"), own("cs_exporter_query_max_age_seconds", "query")), name: text{"Mean", "平均"}, color: sky},
						},
					},
					{
						title: text{"Runs that failed", "失敗した計算"}, width: 8, look: trend, unit: count, live: true,
						note: text{"Failed runs of queries, by query, in each step of the time axis.", "時間軸の刻みごとの、失敗した計算の回数(クエリ別)。"},
						ask: []target{
							{prom: write("sum(%s)", rate("cs_exporter_query_failures_total", "query")), name: text{"Queries", "クエリ"}, color: bad},
							{prom: rate("cs_exporter_engine_restarts_total", "job"), name: text{"Restarts of the engine", "エンジンの再起動"}, color: warning},
							{prom: rate("cs_exporter_rollup_errors_total", "job"), name: text{"Roll-ups", "集計"}, color: purple},
						},
					},
					{
						title: text{"Series that are exported", "出力している系列数"}, width: 8, look: trend, unit: count, live: true,
						note: text{"Series of all KPIs together.", "全KPIの系列数の合計。"},
						ask:  []target{{prom: sum(own("cs_exporter_query_series", "query")), name: text{"Series", "系列"}, color: blue}},
					},
				},
			},
			{
				height: 8, panels: []panel{
					{
						title: text{"Facts that came over HTTP", "HTTPで届いたデータ"}, width: 8, look: trend, unit: count, live: true,
						note:  text{"Rows stored and rejected by intake, in each step of the time axis.", "時間軸の刻みごとの、受信して保存・拒否した行数。"},
						empty: text{"Nothing came over HTTP in this time", "この期間にHTTPで届いたデータはありません"},
						ask:   []target{{prom: rate("cs_intake_rows_total", "outcome"), legend: "{{outcome}}"}}, labels: []string{"intake outcome"},
					},
					{
						title: text{"Told numbers that moved", "報告済みの数値の修正"}, about: []string{"restatement"}, width: 8, look: table, unit: percent, live: true,
						empty:  text{"✓ No closed number has moved", "✓ 締めた数値の修正はありません"},
						ask:    []target{{prom: write("%s > 0", k.of("restatement.ratio")), over: listed}, {prom: write("%s > 0", k.of("restatement.restated_series")), over: listed}},
						change: []object{{"id": "merge", "options": object{}}, without("Time")},
						fields: []override{
							{field: "kpi", name: text{"KPI", "KPI"}}, {field: "Value #A", name: text{"Moved by", "修正の割合"}}, {field: "Value #B", name: text{"Series", "系列数"}, unit: &count},
						},
					},
					{
						title: text{"Violations of the data's quality", "データ品質の違反"}, about: []string{"quality"}, width: 8, look: table, unit: count, live: true,
						empty:  text{"✓ No facts contradict each other", "✓ 矛盾するデータはありません"},
						ask:    []target{{prom: write("sort_desc(%s > 0)", k.of("quality.violations")), over: listed}},
						change: []object{without("Time")},
						fields: []override{{field: "check", name: text{"Check", "検査項目"}}, {field: "Value", name: text{"Rows", "件数"}}},
					},
				},
			},
		},
	}
}
