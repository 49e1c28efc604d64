package dashboards

// account is the whole story of one customer, from ClickHouse: every account name on other boards leads here.
func account(*kpis) board {
	day := func(field, en, ja string) override {
		return override{field: field, name: text{en, ja}, unit: &date, width: 102}
	}
	plain := object{"custom.displayMode": "auto"}
	stored := text{"As last computed for the end of the board's time range.", "ボードの期間の最終日について最後に計算された値。"}
	return board{
		title:      text{"Customer Success: account", "カスタマーサクセス:顧客"},
		about:      text{"One customer: contracts, health and why, usage, what happened, tickets, risks and the plan.", "一社の全体像:契約、ヘルスとその理由、利用状況、履歴、チケット、リスク、対応計画。"},
		clickhouse: true,
		variables: []variable{
			{name: "account", label: text{"Account", "顧客"}, sql: accountsSQL},
			{name: "currency", label: text{"Currency", "通貨"}, sql: currencySQL, hidden: true},
		},
		rows: []row{
			{
				height: 4, panels: []panel{
					{
						title: text{"Who it is", "顧客の概要"}, width: 8, look: tile, unit: words, ask: []target{{sql: accountSQL}},
						note: text{"Name, owner, touch model and lifecycle phase at the end of the board's time range. An account that does not pay then has no touch model and no phase.", "ボードの期間の最終日における名称、担当CSM、タッチモデル、ライフサイクル。契約がない顧客にはタッチモデルとライフサイクルがない。"},
						fields: []override{
							{field: "name", name: text{"Name", "名称"}}, {field: "csm", name: text{"CSM", "担当CSM"}},
							{field: "segment", name: text{"Segment", "セグメント"}, words: "segment"}, {field: "phase", name: text{"Phase", "ライフサイクル"}, words: "phase"},
						},
						option: object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "/.*/", "values": false}, "text": object{"titleSize": 12, "valueSize": 16}, "colorMode": "none"},
					},
					{
						title: text{"What it pays, and its health", "ARRとヘルス"}, about: []string{"health"}, width: 7, look: tile, unit: count, ask: []target{{sql: accountHealthSQL}},
						note: stored,
						fields: []override{
							{field: "arr", name: text{"ARR, ${currency}", "ARR(${currency})"}, unit: &amount},
							{field: "band", name: text{"Health", "ヘルス"}, words: "account band"}, {field: "score", name: text{"Score", "スコア"}, unit: &score},
							{field: "measured_ratio", name: text{"Measured", "計測率"}, unit: &unit{of: same("percentunit")}},
						},
						option: object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "/.*/", "values": false}, "text": object{"titleSize": 12, "valueSize": 18}},
					},
					{
						title: text{"What is at risk, and what is to come", "リスクと今後の予定"}, about: []string{"risk"}, width: 9, look: tile, unit: count, ask: []target{{sql: accountRiskSQL}},
						note: stored,
						fields: []override{
							{field: "at_risk_arr", name: text{"At risk, ${currency}", "リスクARR(${currency})"}, unit: &amount}, {field: "reason", name: text{"Why", "理由"}, words: "account risk"},
							{field: "due_on", name: text{"Contract ends", "契約終了日"}, unit: &date}, {field: "planned", name: text{"Open actions", "対応項目"}},
						},
						option: object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "/.*/", "values": false}, "text": object{"titleSize": 12, "valueSize": 16}},
					},
				},
			},
			{
				height: 9, panels: []panel{
					{
						title: text{"Health score over three years, in the colour of its band", "ヘルススコアの推移(3年間、色はヘルス帯)"}, about: []string{"health"}, width: 14, look: trend, unit: score, min: new(0.0), max: new(100.0), back: "3y",
						note: stored, labels: []string{"band"},
						ask:    []target{{sql: accountScoresSQL, series: true}},
						custom: object{"drawStyle": "bars", "fillOpacity": 100, "lineWidth": 0, "barAlignment": 0}, option: plainLegend,
					},
					{
						title: text{"Why its health is what it is: what costs most first", "ヘルスの理由(失点の大きい指標から順に)"}, about: []string{"health"}, width: 10, look: table, unit: unit{of: same("none"), decimals: 1},
						note: text{
							"Contributions add up to the score, and changes to its change in 28 days. A measure without a score is missing or too old and takes no part. " + stored.en,
							"寄与の合計がスコア、変化の合計が28日間のスコアの変化になる。スコアのない指標は、未計測または古いため計算に入らない。" + stored.ja,
						},
						ask: []target{{sql: accountDriversSQL}},
						fields: []override{
							{field: "measure", name: text{"Measure", "指標"}, words: "measure", custom: longNames()}, {field: "dimension", name: text{"Dimension", "次元"}, words: "dimension", width: 95, custom: plain},
							{field: "score", name: text{"Score of 100", "スコア"}, width: 102, unit: &score, custom: object{"custom.displayMode": "basic", "min": 0, "max": 100}},
							{field: "weight", name: text{"Weight", "重み"}, width: 66}, {field: "contribution", name: text{"Points", "寄与"}, width: 62},
							{field: "change", name: text{"In 28 days", "28日間"}, width: 88},
						},
					},
				},
			},
			{
				height: 8, panels: []panel{
					{
						title: text{"Active users a day", "1日のアクティブユーザー数"}, about: []string{"usage"}, width: 12, look: trend, unit: count, live: true,
						option: plainLegend,
						ask:    []target{{sql: accountUsageSQL, series: true}},
						fields: []override{
							{field: "users", name: text{"Active users", "アクティブユーザー"}, color: sky, custom: object{"custom.lineWidth": 1}},
							{field: "mean", name: text{"Mean of 7 days", "7日間の平均"}, color: blue},
						},
					},
					{
						title: text{"ARR over three years", "ARRの推移(3年間)"}, about: []string{"arr"}, width: 12, look: trend, unit: amount, back: "3y",
						note: text{"In the reporting currency, as it was last computed for each day.", "報告通貨による。各日について最後に計算された値。"},
						ask:  []target{{sql: accountARRSQL, series: true}}, fields: []override{{field: "arr", name: text{"ARR, ${currency}", "ARR(${currency})"}, color: blue}}, min: new(0.0),
						custom: object{"lineInterpolation": "stepAfter", "showPoints": "auto"}, option: plainLegend,
					},
				},
			},
			{
				height: 10, panels: []panel{
					{
						title: text{"What happened, latest first", "履歴(新しい順)"}, width: 12, look: table, unit: words, ask: []target{{sql: accountTimelineSQL}},
						note: text{"Contracts, touches, milestones, tickets, surveys, opportunities, risks and the plan within the board's time range, with the amount in the currency that the details name, else the reporting one; cs.account_timeline has all, single uses and mails as well.", "ボードの期間内の契約、接点、マイルストーン、チケット、アンケート、商談、リスク、対応計画。金額の通貨は内容に記載のもの、記載がなければ報告通貨。利用とメールを含む全ての記録はcs.account_timelineにある。"},
						fields: []override{
							{field: "at", name: text{"When", "日時"}, unit: &date, width: 105}, {field: "kind", name: text{"What", "種類"}, words: "event", width: 155, custom: coloured()},
							{field: "what", name: text{"Details", "内容"}}, {field: "amount", name: text{"Amount", "金額"}, unit: &amount, width: 85}, {field: "who", name: text{"Who", "担当・関係者"}, width: 132},
						},
					},
					{
						title: text{"Contracts", "契約"}, width: 12, look: table, unit: words, ask: []target{{sql: accountContractsSQL}}, about: []string{"arr"},
						note: text{"Amounts are as in the contract, in its own currency.", "金額は契約どおりで、契約の通貨による。"},
						fields: []override{
							{field: "contract_id", hidden: true}, {field: "product", name: text{"Product", "製品"}, custom: object{"custom.minWidth": 75}}, {field: "department", name: text{"Department", "部門"}, custom: object{"custom.minWidth": 98}},
							{field: "kind", name: text{"Kind", "種別"}, words: "contract kind", width: 80}, {field: "seats", name: text{"Seats", "シート"}, unit: &count, width: 60},
							{field: "acv", name: text{"A year", "年額"}, unit: &amount, width: 90}, {field: "currency", name: text{"Currency", "通貨"}, width: 82},
							day("starts_on", "From", "開始"), day("due_on", "Ends before", "終了"), {field: "state", name: text{"State", "状態"}, words: "contract state", width: 72, custom: coloured()},
							{field: "cancel_reason", hidden: true},
						},
					},
				},
			},
			{
				height: 7, panels: []panel{
					{
						title: text{"The plan", "対応計画"}, about: []string{"action_items"}, width: 14, look: table, unit: words, ask: []target{{sql: accountPlanSQL}},
						fields: []override{
							{field: "title", name: text{"To do", "対応項目"}}, {field: "csm", name: text{"Who", "担当"}, width: 150}, {field: "first_due_on", hidden: true},
							day("due_on", "Due", "期限"), {field: "state", name: text{"State", "状態"}, words: "item state", width: 80, custom: coloured()},
						},
					},
					{
						title: text{"Risks that people raised", "定性リスク"}, about: []string{"qualitative_risks"}, width: 10, look: table, unit: words, ask: []target{{sql: accountRisksSQL}},
						fields: []override{
							{field: "kind", name: text{"Risk", "リスク"}, words: "churn reason"}, {field: "severity", name: text{"Severity", "重大度"}, words: "severity", width: 85, custom: coloured()},
							day("raised_on", "Raised", "登録日"), day("closed_on", "Closed", "解消日"),
						},
					},
				},
			},
			{
				height: 7, panels: []panel{
					{
						title: text{"Tickets, latest first", "チケット(新しい順)"}, about: []string{"tickets"}, width: 14, look: table, unit: words, ask: []target{{sql: accountTicketsSQL}},
						fields: []override{
							{field: "ticket_id", hidden: true}, {field: "severity", name: text{"Severity", "重要度"}, words: "ticket severity", width: 75, custom: coloured()}, {field: "complaint", name: text{"Complaint", "クレーム"}, words: "yes"},
							day("opened_at", "Opened", "起票日"), day("resolved_at", "Resolved", "解決日"), {field: "response_hours", name: text{"First answer after", "初回応答まで"}, unit: &hours},
						},
					},
					{
						title: text{"Milestones of onboarding", "オンボーディングのマイルストーン"}, about: []string{"onboarding"}, width: 10, look: table, unit: words, ask: []target{{sql: accountMilestonesSQL}},
						fields: []override{{field: "milestone", name: text{"Milestone", "項目"}, words: "milestone"}, day("due_on", "Due", "期限"), day("reached_on", "Reached", "到達日")},
					},
				},
			},
		},
	}
}
