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
	zero := func(e expr) expr { return write("(%s) == 0", e) }
	success, age, maxAge := own("cs_exporter_query_success", "query"), own("cs_exporter_query_age_seconds", "query"), own("cs_exporter_query_max_age_seconds", "query")
	// A KPI that was never computed has neither success nor age.
	failing := write("count(%[1]s) - (count(%[2]s == 1) or 0 * count(%[1]s))", maxAge, success)
	overdue := write("max(%s / %s)", age, maxAge)
	scraped := write("max(timestamp(cs_exporter_build_info{" + chosenJob + "}))")
	backup, confinement, required := own("cs_exporter_backup_timestamp_seconds"), own("cs_exporter_engine_confinement"), own("cs_exporter_engine_confinement_required")
	free := write("%s / %s", own("cs_exporter_disk_free_bytes"), own("cs_exporter_disk_size_bytes"))
	restarts := write("sum(increase(cs_exporter_engine_restarts_total{" + chosenJob + "}[1d]))")
	moved := k.of("restatement.restated_series")
	failed := write("(%[2]s or 0 / (0 * %[1]s)) unless on (query) %[3]s == 1", maxAge, age, success)
	violations := sum(k.of("quality.violations"))
	rate := func(metric, by string) expr {
		return write("sum by (" + by + ") (increase(" + metric + "{" + chosenJob + "}[$__rate_interval]))")
	}
	return board{
		clock: "browser", // an incident is at an hour
		title: text{"cskpi itself", "cskpiの稼働状況"},
		about: text{"Whether the numbers can be believed: facts fresh, queries running, told numbers unchanged.", "数値を信頼できるか:データの鮮度、計算の成否、報告済みの数値の修正。"},
		from:  "now-24h",
		rows: []row{
			{
				height: 5, panels: []panel{
					check(text{"KPIs not computed", "計算できていないKPI"}, text{"KPIs whose last run failed or that have not been computed yet. Their last good values are shown until they are too old.", "直近の計算が失敗したか、まだ計算されていないKPIの数。古くなりすぎるまで、最後の正しい値を示す。"},
						failing, count, zero(failing), text{"‼ failing", "‼ 失敗"}),
					check(text{"Age of the oldest KPI", "最も古いKPIの経過時間"}, text{"Age of the last good result over the age at which it is no longer shown: at 100 % a KPI vanishes.", "最後の正しい結果の経過時間を、表示しなくなるまでの時間で割ったもの。100%で値が消える。"},
						overdue, percent, write("%s < 0.8 and on () count(%s) == count(%s)", overdue, age, maxAge), text{"‼ old", "‼ 古い"}),
					check(text{"Local engine", "ローカルエンジン"}, text{"Whether the engine answers: 1 yes, 0 no. With a ClickHouse server of your own there is none.", "エンジンが応答しているか(1:はい、0:いいえ)。ClickHouseサーバーを使う場合はない。"},
						own("cs_exporter_engine_up"), count, write("%s == 1", own("cs_exporter_engine_up")), text{"‼ down", "‼ 停止"}),
					check(text{"Past days missing", "未計算の過去日数"}, text{"Days of KPIs that have closed and are not computed yet; some minutes after a day has closed there are none.", "締まったがまだ計算していない日数。日付が変わって数分後には0になる。"},
						own("cs_history_missing"), count, write("%s == 0 and on () time() - %s < 6 * 3600", own("cs_history_missing"), own("cs_history_last_success_timestamp_seconds")), text{"… not yet known, or at work", "… 未確認または計算中"}),
					check(text{"Facts in conflict", "矛盾するデータ"}, text{"Facts that contradict themselves or each other; the table below says which.", "矛盾している事実の件数。内訳は下の表。"},
						violations, count, zero(violations), text{"! look below", "! 下の表を確認"}),
					check(text{"Usage to roll up", "未集計の利用日数"}, text{"Days whose usage events have arrived and are not rolled up yet.", "利用イベントが届き、まだ集計していない日数。"},
						own("cs_exporter_rollup_pending"), count, write("%s == 0 and on () %s", own("cs_exporter_rollup_pending"), own("cs_exporter_rollup_last_success_timestamp_seconds")), text{"… at work", "… 集計中"}),
				},
			},
			{
				title: text{"Stored data", "データの保存"}, height: 5, panels: []panel{
					check(text{"Damaged parts", "破損したパート"}, text{"Data parts that should exist and are missing, damaged or detached. 0 means whole; the table below lists the tables.", "存在すべきデータパートのうち、欠落・破損・切り離しの状態にあるものの数。表ごとの内訳は下の表。"},
						damagedParts, count, write("%s == 0 and on () %s > time() - "+checkHolds, damagedParts, partsChecked), text{"‼ see the runbook", "‼ 対応手順を確認"}),
					check(text{"Last data check", "データの最終検査"}, text{"Time since the stored data was last compared with the record of the parts that should exist.", "保存データを記録と最後に照合してからの時間。"},
						write("time() - %s", partsChecked), seconds, write("time() - %s < "+checkHolds, partsChecked), text{"! not checked", "! 検査停止"}),
					check(text{"Free disk space", "ディスクの空き"}, text{"Free share of the disk that holds the data.", "データがあるディスクの空き容量の割合。"},
						free, percent, write("%s >= 0.15", free), text{"! nearly full", "! 残りわずか"}),
					check(text{"Last backup", "最後のバックアップ"}, text{"Time since the last verified backup was completed. Absent if there has never been one.", "検証済みのバックアップが最後に完了してからの時間。一度もなければ表示されない。"},
						write("time() - %s", backup), seconds, write("time() - %s < 2 * 86400", backup), text{"! too old", "! 古い"}),
					check(text{"Confinement", "エンジンの隔離レベル"}, text{"How far the kernel confines the engine process: 0 not at all, 1 files only, 2 full. It must reach the configured level.", "カーネルによるエンジンプロセスの隔離レベル(0:なし、1:ファイルのみ、2:完全)。設定された水準以上であること。"},
						confinement, count, write("%s >= %s", confinement, required), text{"‼ below the configured level", "‼ 設定を下回る"}),
					check(text{"Restarts in a day", "エンジンの再起動(1日)"}, text{"How often the local engine was restarted in the last 24 hours.", "直近24時間にローカルエンジンが再起動した回数。"},
						restarts, count, write("%s < 1", restarts), text{"! restarted", "! 再起動あり"}),
				},
			},
			{
				height: 10, panels: []panel{
					{
						title: text{"Facts: the latest of each table", "各表の最新データ"}, about: []string{"freshness"}, width: 7, look: table, unit: count, live: true,
						ask: []target{
							{prom: write("1000 * %s", k.of("freshness.latest_timestamp_seconds")), over: listed}, {prom: k.of("freshness.rows"), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("table"), without("Time")},
						fields: []override{
							{field: "table", name: text{"Table", "表"}}, {field: "Value #A", name: text{"Latest", "最新"}, unit: &instant}, {field: "Value #B", name: text{"Rows", "行数"}},
						},
					},
					{
						title: text{"The twelve slowest KPIs", "計算時間(長い順に12件)"}, width: 6, look: ranking, unit: seconds, live: true,
						note: text{"Duration of the last run of each query.", "各クエリの直近の実行時間。"},
						ask:  []target{{prom: write("topk(12, %s)", own("cs_exporter_query_duration_seconds", "query")), legend: "{{query}}", over: latest}},
					},
					{
						title: text{"KPIs whose last run failed", "失敗しているKPI"}, width: 6, look: table, unit: count, live: true,
						note: text{"/debug/query?name=NAME of cskpi shows the statement and the error. A KPI without an age has never been computed.", "cskpiの/debug/query?name=NAMEで、SQLとエラーを確認できる。経過時間のないKPIは一度も計算されていない。"},
						ask: []target{
							{prom: orNone(failed, write("count(%s)", maxAge), scraped, "query", "no failure"), over: listed},
						},
						change: []object{without("Time")},
						fields: []override{{field: "query", name: text{"KPI", "KPI"}}, {field: "Value", name: text{"Last good one", "最後の正常値"}, unit: &seconds, width: 115, custom: object{"mappings": []object{
							{"type": "value", "options": object{"0": object{"index": 1, "text": "–"}}}, // of the sentence that none failed
							{"type": "special", "options": object{"match": "nan", "result": object{"index": 0, "text": "–"}}},
						}}}},
					},
					{
						title: text{"Damaged parts, by table", "表ごとの破損パート"}, width: 5, look: table, unit: count, live: true,
						note: text{"The log of the service names the parts; the runbook (CSDataDamaged) says what to do.", "該当するパートはサービスのログに、対応は対応手順(CSDataDamaged)にある。"},
						ask: []target{
							{prom: write("sort_desc(%s > 0) or (%s)", own("cs_exporter_damaged_parts", "table"), none(write("%s > 0", own("cs_exporter_damaged_parts", "table")), write("count(%s)", own("cs_exporter_damaged_parts", "table")), partsChecked, "table", "no damage")), over: listed},
						},
						change: []object{without("Time")},
						fields: []override{{field: "table", name: text{"Table", "表"}}, {field: "Value", name: text{"Parts", "パート数"}, width: 80}},
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
						note: text{"Rows stored and rejected by intake, in each step of the time axis.", "時間軸の刻みごとの、受信して保存・拒否した行数。"},
						ask:  []target{{prom: rate("cs_intake_rows_total", "outcome"), legend: "{{outcome}}"}}, labels: []string{"intake outcome"},
					},
					{
						title: text{"Restated numbers", "報告済みの数値の修正"}, about: []string{"restatement"}, width: 8, look: table, unit: percent, live: true,
						ask: []target{
							{prom: write("%s > 0", k.of("restatement.ratio")), over: listed}, {prom: write("%s > 0", k.of("restatement.restated_series")), over: listed},
							{prom: none(write("%s > 0", moved), write("count(%s)", moved), k.asOf("restatement"), "kpi", "no restatement"), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, arranged([]string{"kpi", "Value #A", "Value #B"}, "Time", "Value #C")},
						fields: []override{
							{field: "kpi", name: text{"KPI", "KPI"}}, {field: "Value #A", name: text{"Moved by", "修正の割合"}, width: 95}, {field: "Value #B", name: text{"Series", "系列数"}, unit: &count, width: 75},
						},
					},
					{
						title: text{"Violations of the data's quality", "データ品質の違反"}, about: []string{"quality"}, width: 8, look: table, unit: count, live: true,
						ask: []target{{
							prom: orNone(write("sort_desc(%s > 0)", k.of("quality.violations")), write("count(%s)", k.of("quality.violations")), k.asOf("quality"), "check", "no violation"), over: listed,
						}},
						change: []object{without("Time")},
						fields: []override{{field: "check", name: text{"Check", "検査項目"}}, {field: "Value", name: text{"Rows", "件数"}}},
					},
				},
			},
		},
	}
}
