package dashboards

// onboarding shows whether new customers get going in time, how long it takes them, and whether that pays off.
func onboarding(k *kpis) board {
	by := []string{"segment"}
	keys := []key{
		{
			title: text{"Onboarded on time", "オンボーディング期限内完了率"}, about: []string{"onboarding"}, goal: "onboarding.on_time_ratio", unit: percent, width: 5,
			value: k.ratio("onboarding.on_time_accounts", "onboarding.due_accounts", nil),
		},
		{title: text{"In progress", "進行中の顧客"}, about: []string{"onboarding"}, unit: count, width: 4, value: sum(k.of("onboarding.in_progress")), side: neither},
		{
			title: text{"Overdue", "期限を過ぎた顧客"}, about: []string{"onboarding"}, unit: count, width: 5, side: below, goal: "onboarding.overdue", additive: true,
			value: sum(k.of("onboarding.overdue")),
		},
		{
			title: text{"Time to use, median", "利用開始までの期間(中央値)"}, about: []string{"time_to_use"}, goal: "time_to_use.p50_seconds", unit: days, side: below, factor: " / 86400", width: 5,
			value: write("max(%s) / 86400", k.of("time_to_use.p50_at_least_seconds")), note: longestAtLeast,
		},
		{
			title: text{"Self-onboarded", "セルフオンボーディング率"}, about: []string{"self_onboarding"}, goal: "self_onboarding.ratio", unit: percent, width: 5,
			value: k.ratio("self_onboarding.self_accounts", "self_onboarding.onboarded_accounts", nil),
		},
	}
	top := row{height: 4}
	for _, of := range keys {
		top.panels = append(top.panels, k.judged(of))
	}
	quantile := func(column string, of text, color string) target {
		return target{prom: write("max(%s) / 86400", k.of("time_to_use."+column)), name: of, color: color}
	}
	return board{
		title:      text{"Customer Success: onboarding", "カスタマーサクセス:オンボーディング"},
		about:      text{"Whether new customers get going in time, and how long it takes them.", "新規顧客が期限内に立ち上がっているか、どれだけ時間がかかっているか。"},
		variables:  []variable{segments(), csms()},
		clickhouse: true,
		rows: []row{
			top,
			{
				title: text{"In time?", "期限内に完了しているか"}, height: 8, panels: []panel{
					k.bySegments(panel{title: text{"Onboarded on time, by segment", "セグメント別の期限内完了率"}, about: []string{"onboarding"}, width: 8, unit: percent},
						k.ratio("onboarding.on_time_accounts", "onboarding.due_accounts", by), "onboarding.on_time_ratio", ""),
					{
						title: text{"Accounts being onboarded, and overdue ones", "進行中・期限超過の社数"}, about: []string{"onboarding"}, width: 8, look: trend, unit: count,
						ask: []target{
							{prom: sum(k.of("onboarding.in_progress")), name: text{"In progress", "進行中"}, color: blue},
							{prom: sum(k.of("onboarding.overdue")), name: text{"Of them overdue", "うち期限超過"}, color: bad},
						},
					},
					{
						title: text{"Outcome of the last 12 months' deadlines", "直近12か月に期限を迎えた顧客の結果"}, about: []string{"onboarding"}, width: 8, look: trend, unit: count, custom: stacked("normal"),
						ask: []target{
							{prom: sum(k.of("onboarding.on_time_accounts")), name: text{"On time", "期限内に完了"}, color: good},
							{prom: sum(k.of("onboarding.late_accounts")), name: text{"Late", "期限後に完了"}, color: warning},
							{prom: write("%s - %s - %s", sum(k.of("onboarding.due_accounts")), sum(k.of("onboarding.on_time_accounts")), sum(k.of("onboarding.late_accounts"))), name: text{"Not onboarded", "未完了"}, color: bad},
						},
					},
				},
			},
			{
				title: text{"Time to use", "利用開始までの期間(Time to Use)"}, height: 9, panels: []panel{
					{
						title: text{"Time by which a quarter, half and three quarters use it", "25%・50%・75%の顧客が使い始めるまでの日数"}, about: []string{"time_to_use"}, note: longest, width: 8, look: trend, unit: days,
						ask: []target{
							quantile("p75_seconds", text{"Three quarters", "75%"}, sky), quantile("p50_seconds", text{"Half", "50%"}, blue), quantile("p25_seconds", text{"A quarter", "25%"}, purple),
							{prom: write("%s / 86400", k.level("target", "time_to_use.p50_seconds", false)), name: text{"Target of the half", "50%の目標"}, color: grey, dashed: true},
						},
					},
					k.bySegments(panel{title: text{"Median time to use, by segment", "セグメント別の中央値"}, about: []string{"time_to_use"}, width: 8, unit: days},
						write("%s / 86400", k.of("time_to_use.p50_seconds")), "time_to_use.p50_seconds", " / 86400"),
					{
						title: text{"Distribution of the time to use, in days", "利用開始までの日数の分布"}, about: []string{"time_to_use"}, width: 8, look: density, unit: count,
						note:   text{"How many accounts got there by then, as the scale below tells. Buckets end at the days on the left.", "その日数で使い始めた顧客の数(色の目盛りは下)。"},
						ask:    []target{{prom: sum(k.of("time_to_use.duration"), "le"), legend: "{{le}}", over: buckets}},
						option: object{"yAxis": object{"axisPlacement": "left", "reverse": false, "unit": "dtdurations"}},
					},
				},
			},
			{
				title: text{"Where it is stuck, and how long it takes", "停滞しているステップと所要期間"}, height: 9, panels: []panel{
					{
						title: text{"Accounts in onboarding, by next step", "次のステップ別の進行中の顧客"}, about: []string{"onboarding_steps"}, width: 8, look: table, unit: count,
						ask: []target{
							{prom: sum(k.of("onboarding_steps.in_progress_accounts"), "step"), over: listed}, {prom: sum(k.of("onboarding_steps.stuck_accounts"), "step"), over: listed},
							{prom: write("max by (step) (%s) / 86400", k.of("onboarding_steps.oldest_seconds")), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("Value #B"), without("Time")},
						fields: []override{
							{field: "step", name: text{"Next step", "次のステップ"}, words: "milestone"}, {field: "Value #A", name: text{"In progress", "進行中"}, width: 95},
							{field: "Value #B", name: text{"Stuck", "停滞"}, width: 75}, {field: "Value #C", name: text{"Oldest", "最長滞在"}, unit: &days, width: 95},
						},
					},
					{
						title: text{"Completed, of the plans that started", "開始期間別のオンボーディング完了率"}, about: []string{"onboarding_completion"}, width: 6, look: trend, unit: percent, labels: []string{"window"},
						ask: []target{{prom: k.ratio("onboarding_completion.completed_accounts", "onboarding_completion.started_accounts", []string{"window"}), legend: "{{window}}"}},
					},
					{
						title: text{"Days to onboard, by month of the first paid day", "開始月別のオンボーディング所要日数"}, about: []string{"onboarding_cohorts"}, width: 10, look: table, unit: days,
						note: text{"Half and four fifths are estimates over all accounts; the mean is of those that are onboarded. All segments.", "50%・80%は全顧客による推定、平均は完了した顧客のもの。全セグメント。"},
						ask: []target{
							{prom: k.months("p50_seconds"), over: listed}, {prom: k.months("p80_seconds"), over: listed}, {prom: k.months("reached_mean_seconds"), over: listed},
							{prom: k.of("onboarding_cohorts.reached_accounts", `milestone="onboarded"`), over: listed}, {prom: k.of("onboarding_cohorts.open_accounts", `milestone="onboarded"`), over: listed},
							{prom: k.of("onboarding_cohorts.left_accounts", `milestone="onboarded"`), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("cohort"), without("Time")},
						fields: []override{
							{field: "cohort", name: text{"Began in", "開始月"}, width: 90}, {field: "Value #A", name: text{"Half", "50%"}}, {field: "Value #B", name: text{"Four fifths", "80%"}}, {field: "Value #C", name: text{"Mean, done", "完了の平均"}},
							{field: "Value #D", name: text{"Done", "完了"}, unit: &count, width: 65}, {field: "Value #E", name: text{"Open", "進行中"}, unit: &count, width: 65}, {field: "Value #F", name: text{"Left", "解約"}, unit: &count, width: 65},
						},
					},
				},
			},
			{
				title: text{"Value, and what comes of it", "価値の実感と初回更新"}, height: 8, panels: []panel{
					{
						title: text{"Value points reached in time", "バリューポイントの期限内到達率"}, about: []string{"value_points"}, width: 8, look: trend, unit: percent, labels: []string{"point"},
						ask: []target{{prom: k.ratio("value_points.reached_accounts", "value_points.due_accounts", []string{"point"}), legend: "{{point}}"}},
					},
					{
						title: text{"First renewals, by how onboarding went", "オンボーディング結果別の初回更新率"}, about: []string{"onboarding_effect"}, width: 8, look: ranking, unit: percent, labels: []string{"outcome"}, min: new(0.0), max: new(1.0),
						empty: empty(text{"It needs first renewals that were due in the last 12 months.", "直近12か月に期限を迎えた初回更新が必要です。"}),
						ask: each([]string{"on_time", "late", "never"}, func(outcome string) expr {
							return k.ratio("onboarding_effect.renewed_accounts", "onboarding_effect.accounts", nil, `outcome="`+outcome+`"`)
						}),
					},
					{
						title: text{"Onboarding by CSM", "CSM別のオンボーディング"}, about: []string{"onboarding_by_csm"}, width: 8, look: table, unit: count,
						ask: []target{
							{prom: k.of("onboarding_by_csm.in_progress", ofCSMs), over: listed}, {prom: k.of("onboarding_by_csm.overdue", ofCSMs), over: listed}, {prom: k.of("onboarding_by_csm.on_time_ratio", ofCSMs), over: listed}, {prom: k.of("onboarding_by_csm.due_accounts", ofCSMs), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("csm"), without("Time")},
						fields: []override{
							{field: "csm", name: text{"CSM", "CSM"}}, {field: "Value #A", name: text{"In progress", "進行中"}, width: 95}, {field: "Value #B", name: text{"Overdue", "期限超過"}, width: 85},
							{field: "Value #C", name: text{"On time", "期限内"}, unit: &percent, width: 85}, {field: "Value #D", name: text{"Due in 12 mo", "12か月の対象"}, width: 105},
						},
					},
				},
			},
			{
				height: 9, panels: []panel{{
					title: text{"Accounts that are not onboarded, by deadline", "オンボーディング未完了の顧客(期限順)"}, about: []string{"onboarding"}, width: 24, look: table, unit: count,
					ask: []target{{sql: onboardingSQL}},
					fields: []override{
						{field: "account_id", hidden: true}, {field: "account", name: text{"Account", "顧客"}, account: "account_id"}, {field: "csm", name: text{"CSM", "担当CSM"}},
						{field: "segment", name: text{"Segment", "セグメント"}, words: "segment"}, {field: "first_paid_on", name: text{"First paid day", "利用開始日"}, unit: &date},
						{field: "due_on", name: text{"First deadline", "当初の期限"}, unit: &date}, {field: "planned_due_on", name: text{"Deadline now", "現在の期限"}, unit: &date},
						{field: "days_late", name: text{"Days late", "超過日数"}, unit: &count}, {field: "state", name: text{"State", "状態"}, words: "item state", custom: coloured()},
					},
				}},
			},
		},
	}
}

// months is a time to onboard, in days, by the month of the first paid day.
func (k *kpis) months(column string) expr {
	return write("%s / 86400", k.of("onboarding_cohorts."+column, `milestone="onboarded"`))
}

// longestAtLeast is what is said of a single median.
var longestAtLeast = text{
	"Medians of segments cannot be added up: of several segments the longest is shown. Where fewer than half use it, it is the longest time that an account was watched, and the median is beyond it.",
	"中央値は合算できないため、複数セグメントでは最も長い値を表示。半数が使い始めていない場合は最も長く観察した期間を示し、中央値はそれを超える。",
}

// longest is what is said of medians of several segments.
var longest = text{
	"Medians of segments cannot be added up: of several segments the longest is shown.",
	"中央値は合算できないため、複数のセグメントでは最も長いものを示す。",
}
