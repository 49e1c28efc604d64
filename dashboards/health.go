package dashboards

// health shows how well customers do: where their health stands, what it is made of, what changed, whether the score can be
// believed, how the product is used, and who is at risk.
func health(k *kpis) board {
	measure := func(name string) expr { return k.of(name) }
	return board{
		title:      text{"Customer Success: adoption and health", "カスタマーサクセス:アダプションとヘルス"},
		about:      text{"Where health stands and why, and who is at risk.", "ヘルスの現状とその理由、リスクのある顧客。"},
		variables:  []variable{segments(), csms(), currency()},
		clickhouse: true,
		rows: []row{
			{
				title: text{"Where health stands", "ヘルスの現状"}, height: 8, panels: []panel{
					k.bandsOverTime("accounts", text{"Accounts by health band", "ヘルス帯別の社数"}, 6),
					k.bandsOverTime("arr", text{"ARR by health band", "ヘルス帯別のARR"}, 6),
					{
						title: text{"Distribution of health scores", "ヘルススコアの分布の推移"}, about: []string{"health_score"}, width: 6,
						look: density, unit: count, ask: []target{{prom: sum(k.of("health_score.score"), "le"), legend: "{{le}}", over: buckets}},
					},
					{
						title: text{"Improved and declined in 28 days", "28日間の改善・悪化(社数)"}, about: []string{"health_changes"}, width: 6, look: trend, unit: count,
						labels: []string{"direction"},
						ask:    []target{{prom: sum(k.of("health_changes.accounts"), "direction"), legend: "{{direction}}"}},
					},
				},
			},
			{
				title: text{"What it is made of", "ヘルスの内訳"}, height: 9, panels: []panel{
					{
						title: text{"Health by dimension (DEAR)", "次元別のヘルス(DEAR)"}, about: []string{"health_dimensions"}, width: 8, look: trend, unit: score,
						note:   text{"Of several segments: the mean over their measured accounts.", "複数のセグメントでは、測れている社数による平均。"},
						labels: []string{"dimension"}, min: new(0.0), max: new(100.0),
						ask: []target{{
							prom: over(sum(write("%s * %s", measure("health_dimensions.mean_score"), measure("health_dimensions.measured_accounts")), "dimension"),
								sum(measure("health_dimensions.measured_accounts"), "dimension")),
							legend: "{{dimension}}",
						}},
					},
					{
						title: text{"What costs accounts most points of health", "ヘルスを下げている要因"}, about: []string{"health_score"}, width: 8, look: table, unit: score,
						note:   text{"Points of the score that a measure costs, as the mean over the paying accounts that have it, and how that changed in 28 days, as last computed for the end of the board's time range.", "各指標がスコアを何点下げているか(指標のある契約中の顧客の平均)と、28日間の変化。ボードの期間の最終日について最後に計算された値。"},
						ask:    []target{{sql: driversSQL}},
						option: object{"sortBy": []object{}},
						fields: []override{
							{field: "measure", name: text{"Measure", "指標"}, words: "measure", custom: longNames()},
							{field: "dimension", name: text{"Dimension", "次元"}, words: "dimension", width: 95},
							{field: "cost", name: text{"Points lost", "失点"}, width: 100, unit: &unit{of: same("none"), decimals: 1}, custom: object{"custom.displayMode": "basic", "min": 0}},
							{field: "change", name: text{"In 28 days", "28日の変化"}, unit: &unit{of: same("none"), decimals: 1}, width: 92},
						},
					},
					{
						title: text{"How much of the score is measured", "ヘルス指標の計測率"}, about: []string{"health_coverage"}, width: 8, look: ranking, unit: percent,
						labels: []string{"measure"}, min: new(0.0), max: new(1.0),
						ask: []target{{
							prom: write("sort_desc(%s)", k.ratio("health_coverage.measured_accounts", "health_coverage.eligible_accounts", []string{"measure"})), legend: "{{measure}}", over: latest,
						}},
					},
				},
			},
			{
				title: text{"What changed", "ヘルスの変化"}, height: 10, panels: []panel{
					{
						title: text{"Accounts whose health fell most in 28 days", "28日間にヘルスが最も悪化した顧客"}, about: []string{"health_declines"}, width: 24, look: table, unit: count,
						note: text{"First those that turned red, then by points lost times ARR; why is what now costs most. As last computed for the end of the board's time range.", "レッドになった顧客を先に、次に失点×ARRの順。主な要因は現在のもの。ボードの期間の最終日について最後に計算された値。"},
						ask:  []target{{sql: declinedSQL}},
						fields: []override{
							{field: "account_id", hidden: true},
							{field: "account", name: text{"Account", "顧客"}, account: "account_id", width: 230},
							{field: "csm", name: text{"CSM", "担当CSM"}, width: 132},
							{field: "segment", name: text{"Segment", "セグメント"}, words: "segment", width: 108},
							{field: "arr", name: text{"ARR, ${currency}", "ARR(${currency})"}, unit: &amount, width: 100},
							{field: "from_band", name: text{"Before", "以前"}, words: "band", width: 72, custom: coloured()},
							{field: "band", name: text{"Now", "現在"}, words: "band", width: 72, custom: coloured()},
							{field: "points", name: text{"Points lost", "失点"}, unit: &unit{of: same("none"), decimals: 1}, width: 92},
							{field: "score", name: text{"Score", "スコア"}, unit: &score, width: 62},
							{field: "why", name: text{"Why", "主な要因"}, custom: causes()},
						},
					},
				},
			},
			{
				title: text{"Does the score tell the truth? (whole company)", "スコアは正しいか(全社)"}, height: 8, panels: []panel{
					{
						title: text{"Share lost since, by band 90 days before", "90日前のヘルス帯別:その後に失った割合"}, about: []string{"health_backtest_bands"}, width: 8, look: ranking, unit: percent,
						labels: []string{"band"}, min: new(0.0),
						empty: empty(text{"A comparison needs scores of 90 days ago.", "比較には90日前のスコアが必要です。"}),
						ask: each([]string{"red", "yellow", "green", "unknown"}, func(band string) expr {
							return k.ratio("health_backtest_bands.lost_accounts", "health_backtest_bands.accounts", nil, `horizon="90d"`, `band="`+band+`"`)
						}),
					},
					{
						title: text{"How well the score ranked who was lost (AUC)", "失った顧客をスコアが見分けた精度(AUC)"}, about: []string{"health_backtest"}, width: 8, look: trend, unit: ratio,
						labels: []string{"horizon"}, min: new(0.0), max: new(1.0),
						empty: empty(text{"A comparison needs scored accounts of which some have left since and some have not.", "比較には、スコアのある顧客の一部がその後解約していることが必要です。"}),
						ask: []target{
							{prom: k.of("health_backtest.auc"), legend: "{{horizon}}"},
							{prom: write("vector(0.5) and on () (%s)", k.of("health_backtest.auc")), name: text{"A coin", "当て推量"}, color: grey, dashed: true},
						},
					},
					{
						title: text{"How many times more often the lowest tenth was lost than all", "スコア下位1割が失われた倍率(全体比)"}, about: []string{"health_backtest"}, width: 8, look: trend, unit: times,
						labels: []string{"horizon"}, min: new(0.0),
						empty: empty(text{"A comparison needs scored accounts of which some have left since and some have not.", "比較には、スコアのある顧客の一部がその後解約していることが必要です。"}),
						ask: []target{
							{prom: k.of("health_backtest.worst_decile_lift"), legend: "{{horizon}}"},
							{prom: write("vector(1) and on () (%s)", k.of("health_backtest.worst_decile_lift")), name: text{"No better than all", "全体と同じ"}, color: grey, dashed: true},
						},
					},
				},
			},
			{
				title: text{"How the product is used", "利用状況"}, height: 8, panels: []panel{
					{
						title: text{"Active users by day, week and month", "アクティブユーザー(日・週・月)"}, about: []string{"usage"}, width: 8, look: trend, unit: count,
						ask: []target{
							{prom: sum(k.of("usage.mau_users")), name: text{"28 days", "28日"}, color: sky},
							{prom: sum(k.of("usage.wau_users")), name: text{"7 days", "7日"}, color: purple},
							{prom: sum(k.of("usage.dau_users")), name: text{"1 day", "1日"}, color: blue},
						},
					},
					{
						title: text{"Stickiness and seats in use", "スティッキネスとシート利用率"}, about: []string{"usage"}, width: 8, look: trend, unit: percent, min: new(0.0),
						ask: []target{
							{prom: write("%s / 28", k.ratio("usage.daily_users", "usage.mau_users", nil)), name: text{"Stickiness", "スティッキネス"}, color: blue},
							{prom: k.level("target", "usage.stickiness_ratio", false), name: text{"Target of stickiness", "スティッキネスの目標"}, color: grey, dashed: true},
							{prom: k.ratio("usage.seats_used", "usage.seats", nil), name: text{"Seats in use", "シート利用率"}, color: purple},
						},
					},
					{
						title: text{"Features by accounts that use them, whole company", "機能別の利用社数の割合(全社)"}, about: []string{"features"}, width: 8, look: ranking, unit: percent, min: new(0.0), max: new(1.0),
						ask: []target{{prom: write("sort_desc(%s)", k.of("features.adoption_ratio")), legend: "{{feature}}", over: latest}},
					},
				},
			},
			{
				height: 7, panels: []panel{
					{
						title: text{"Quantities in 28 days over the 28 before", "利用量(28日間、前28日比)"}, about: []string{"usage_quantities"}, width: 10, look: trend, unit: percent, min: new(0.0),
						empty: empty(text{"The setting event_quantities names what is added up.", "集計する項目は設定event_quantitiesで指定する。"}),
						ask:   []target{{prom: write("%s / (%s > 0)", sum(k.of("usage_quantities.value"), "quantity"), sum(k.of("usage_quantities.previous_value"), "quantity")), legend: "{{quantity}}"}},
					},
					{
						title: text{"Quantities that usage events have", "利用量(イベントのプロパティ)"}, about: []string{"usage_quantities"}, width: 14, look: table, unit: count,
						note: text{"Trailing 28 days, as last computed for the end of the board's time range.", "直近28日。ボードの期間の最終日について最後に計算された値。"},
						ask:  []target{{sql: quantitiesSQL}},
						fields: []override{
							{field: "quantity", name: text{"Quantity", "項目"}},
							{field: "value", name: text{"28 days", "28日間"}, width: 130}, {field: "previous_value", name: text{"28 days before", "前の28日間"}, width: 130},
							{field: "mean_value", name: text{"Mean of an event", "イベント平均"}, unit: &unit{of: same("none"), decimals: 2}, width: 140}, {field: "largest_value", name: text{"Largest", "最大"}, width: 110},
							{field: "accounts", name: text{"Accounts", "顧客数"}, width: 100},
						},
					},
				},
			},
			{
				title: text{"Which users come back", "ユーザーの継続状況"}, height: 8, panels: []panel{
					k.userStates("week", text{"Users by state, last whole week", "直近の週のユーザー状態"}),
					k.userStates("month", text{"Users by state, last whole month", "直近の月のユーザー状態"}),
					k.userRetention("week", text{"Users who came back, by weeks since first use", "初回利用からの週数別の継続率"}),
					k.userRetention("month", text{"Users who came back, by months since first use", "初回利用からの月数別の継続率"}),
				},
			},
			{
				height: 8, panels: []panel{
					{
						title: text{"Users by days of use in 28", "直近28日の利用日数別のユーザー数"}, about: []string{"power_user_curve"}, width: 8, look: bars, unit: count,
						ask:    []target{{prom: ordered(sum(k.of("power_user_curve.users"), "active_days"), "active_days"), over: listed}},
						change: []object{sorted("active_days"), without("Time")},
						fields: []override{
							{field: "active_days", name: text{"Days of use", "利用日数"}},
							{field: "Value", name: text{"Users", "ユーザー数"}, color: blue},
						},
						option: object{"xField": "active_days", "showValue": "never"},
					},
					{
						title: text{"Features by users who use them", "機能別の利用ユーザーの割合"}, about: []string{"features"}, width: 8, look: ranking, unit: percent, min: new(0.0), max: new(1.0),
						ask: []target{{prom: write("sort_desc(%s)", k.of("features.user_adoption_ratio")), legend: "{{feature}}", over: latest}},
					},
					{
						title: text{"Sign-up to first core event, median by segment", "登録から最初のコアイベントまで(セグメント別の中央値)"}, about: []string{"first_core_event"}, width: 8, look: trend, unit: days, labels: []string{"segment"},
						ask: []target{{prom: write("%s / 86400", k.of("first_core_event.p50_seconds")), legend: "{{segment}}"}},
					},
				},
			},
			{
				title: text{"Who is at risk", "リスクのある顧客"}, height: 9, panels: []panel{
					{
						title: text{"ARR at risk, by reason", "理由別のリスクARR"}, about: []string{"risk"}, width: 8, look: trend, unit: money,
						labels: []string{"risk reason"}, custom: stacked("normal"), option: plainLegend,
						ask: []target{{prom: sum(k.of("risk.arr"), "reason"), legend: "{{reason}}"}},
					},
					{
						title: text{"What drives the risk: accounts by their three main causes", "リスクの主な要因(上位3要因の社数)"}, about: []string{"risk_drivers"}, width: 8, look: ranking, unit: count,
						labels: []string{"measure", "driver"}, min: new(0.0),
						note: text{"How many of the accounts that are named have the cause among their three.", "名前の挙がる顧客のうち、上位3要因に含まれる社数。"},
						ask: []target{{
							prom:   orNone(write("topk(10, count by (driver) (%s))", k.of("risk_drivers.rank", ofCSMs)), sum(k.of("csm_load.accounts", ofCSMs)), k.asOf("risk_drivers"), "driver", "no risk driver"),
							legend: "{{driver}}", over: latest,
						}},
					},
					{
						title: text{"Open risks that people raised, whole company", "未解決の定性リスク(種別ごとの社数、全社)"}, about: []string{"qualitative_risks"}, width: 8, look: ranking, unit: count,
						labels: []string{"churn reason"}, min: new(0.0),
						ask: []target{{
							prom:   orNone(write("sort_desc(%s > 0)", k.of("qualitative_risks.accounts")), sum(k.of("csm_load.accounts")), k.asOf("qualitative_risks"), "kind", "no raised risk"),
							legend: "{{kind}}", over: latest,
						}},
					},
				},
			},
			{
				height: 12, panels: []panel{{
					title: text{"Accounts with most ARR at risk, and why", "リスクARR上位の顧客と主な要因"}, about: []string{"risk_accounts"}, width: 24, look: table, unit: count,
					note: text{"Why are the three causes that weigh most: notice, a band set by hand, raised risks, then the measures that cost most points. As last computed for the end of the board's time range. A name leads to the account's board.", "主な要因は影響の大きい順に3つ(解約通知、手動設定、定性リスク、失点の大きい指標)。ボードの期間の最終日について最後に計算された値。顧客名をクリックすると顧客ボードを開く。"},
					ask:  []target{{sql: riskAccountsSQL}},
					fields: []override{
						{field: "account_id", hidden: true},
						{field: "account", name: text{"Account", "顧客"}, account: "account_id", width: 195},
						{field: "csm", name: text{"CSM", "担当CSM"}, width: 132},
						{field: "segment", name: text{"Segment", "セグメント"}, words: "segment", width: 108},
						{field: "at_risk_arr", name: text{"ARR at risk, ${currency}", "リスクARR(${currency})"}, unit: &amount, width: 150},
						{field: "band", name: text{"Health", "ヘルス"}, words: "band", width: 80, custom: coloured()},
						{field: "score", name: text{"Score", "スコア"}, unit: &score, width: 68},
						{field: "due_on", name: text{"Contract ends", "契約終了日"}, unit: &date, width: 112},
						{field: "reason", name: text{"Risk", "リスクの種類"}, words: "risk reason", width: 120},
						{field: "planned", name: text{"Actions", "対応項目"}, width: 82},
						{field: "why", name: text{"Why", "主な要因"}, custom: causes()},
					},
				}},
			},
		},
	}
}

// bandsOverTime are the shares of the health bands.
func (k *kpis) bandsOverTime(column string, title text, width int) panel {
	p := panel{
		title: title, about: []string{"health"}, width: width, look: trend, unit: percent, labels: []string{"band"}, custom: stacked("normal"), min: new(0.0), max: new(1.0),
	}
	part := func(band string) expr { return sum(k.of("health."+column, `band="`+band+`"`)) }
	for _, band := range []string{"green", "yellow", "unknown", "red"} {
		p.ask = append(p.ask, target{prom: over(part(band), sum(k.of("health."+column))), legend: band})
	}
	return p
}

// coloured shows the colour of a word in the cell.
func coloured() object { return object{"custom.displayMode": "color-text"} }

// userStates are the users of each state over time; those who stopped lie below the others.
func (k *kpis) userStates(period string, title text) panel {
	of := func(state string) expr { return sum(k.of("user_states."+state+"_users", `period="`+period+`"`)) }
	return panel{
		title: title, about: []string{"user_states"}, width: 6, look: trend, unit: count, custom: stacked("normal"),
		ask: []target{
			{prom: of("returning"), name: text{"Returning", "継続"}, color: blue},
			{prom: of("resurrected"), name: text{"Resurrected", "復帰"}, color: sky},
			{prom: of("new"), name: text{"New", "新規"}, color: good},
			{prom: write("-%s", of("dormant")), name: text{"Dormant (below zero)", "休眠(マイナス表示)"}, color: bad},
		},
	}
}

// userRetention are the shares of users that came back, by the time since their first use.
func (k *kpis) userRetention(period string, title text) panel {
	share := func(part string) target {
		return target{prom: ordered(k.ratio("user_retention."+part, "user_retention.users", []string{"age"}, `period="`+period+`"`), "age"), over: listed}
	}
	return panel{
		title: title, about: []string{"user_retention"}, width: 6, look: bars, unit: percent, min: new(0.0), max: new(1.0),
		ask:    []target{share("unbounded_users"), share("classic_users")},
		change: []object{{"id": "merge", "options": object{}}, sorted("age"), without("Time")},
		fields: []override{
			{field: "age", name: text{"Periods since first use", "初回利用からの期間数"}},
			{field: "Value #A", name: text{"Then or later", "その期間以降"}, color: sky},
			{field: "Value #B", name: text{"In that period", "その期間"}, color: blue},
		},
		option: object{"xField": "age", "showValue": "never"},
	}
}

// ordered gives numbers of a label two digits, so that they are in their order when they are sorted as text.
func ordered(e expr, label string) expr {
	return write(`label_replace(%s, "`+label+`", "0$1", "`+label+`", "(.)")`, e)
}

// causes are on one line, which is shown whole under the pointer: Grafana measures wrapped Japanese text too short, and rows would run into each other.
func causes() object { return object{"custom.minWidth": 280, "custom.wrapText": false} }

// longNames have room for one line: Grafana measures a value, and not the words that stand for it, so that there is none for a second.
func longNames() object { return object{"custom.minWidth": 148} }
