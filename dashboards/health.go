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

// causes are on one line, which is shown whole under the pointer: Grafana measures wrapped Japanese text too short, and rows would run into each other.
func causes() object { return object{"custom.minWidth": 280, "custom.wrapText": false} }

// longNames have room for one line: Grafana measures a value, and not the words that stand for it, so that there is none for a second.
func longNames() object { return object{"custom.minWidth": 148} }
