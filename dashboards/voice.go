package dashboards

// voice shows what customers say: in surveys, in tickets, by taking part, and through Customer Success.
func voice(k *kpis) board {
	by := []string{"segment"}
	nps := func(by ...string) expr {
		return write("100 * (%s)", over(write("(%s - %s)", sum(k.of("nps.promoters"), by...), sum(k.of("nps.detractors"), by...)), sum(k.of("nps.responses"), by...)))
	}
	keys := []key{
		{title: text{"Net promoter score, 90 days", "NPS(90日間)"}, about: []string{"nps"}, goal: "nps.score", unit: score, width: 5, value: nps()},
		{title: text{"Satisfied customers, 90 days", "CSAT(90日間)"}, about: []string{"csat"}, goal: "csat.ratio", unit: percent, width: 5, value: k.ratio("csat.satisfied", "csat.responses", nil)},
		{title: text{"Tickets opened, 28 days", "起票数(28日間)"}, about: []string{"tickets"}, unit: count, width: 5, value: sum(k.of("tickets.opened")), side: neither, note: ofAll},
		{title: text{"Complaints, 28 days", "クレーム(28日間)"}, about: []string{"tickets"}, unit: count, width: 5, value: sum(k.of("tickets.complaints")), side: below, goal: "tickets.complaints", note: ofAll},
		{title: text{"Tickets open", "未解決のチケット"}, about: []string{"tickets"}, unit: count, width: 4, value: sum(k.of("tickets.open")), side: below, goal: "tickets.open", note: ofAll},
	}
	top := row{height: 4}
	for _, of := range keys {
		top.panels = append(top.panels, k.judged(of))
	}
	hoursOf := func(column string) expr { return write("%s / 3600", k.of("tickets."+column)) }
	return board{
		title:      text{"Customer Success: voice of the customer", "カスタマーサクセス:顧客の声"},
		about:      text{"What customers say: in surveys, in tickets, by taking part, and through Customer Success.", "アンケート、チケット、参加状況、CSを通じた顧客の声。"},
		variables:  []variable{segments(), window(), csms()},
		clickhouse: true,
		rows: []row{
			top,
			{
				title: text{"Surveys", "アンケート"}, height: 9, panels: []panel{
					k.bySegments(panel{title: text{"Net promoter score, by segment", "セグメント別NPS"}, about: []string{"nps"}, width: 8, unit: score}, nps("segment"), "nps.score", ""),
					{
						title: text{"Promoters, passives and detractors", "推奨者・中立者・批判者"}, about: []string{"nps"}, width: 8, look: trend, unit: count, custom: stacked("normal"),
						ask: []target{
							{prom: sum(k.of("nps.detractors")), name: text{"Detractors", "批判者"}, color: bad},
							{prom: sum(k.of("nps.passives")), name: text{"Passives", "中立者"}, color: grey},
							{prom: sum(k.of("nps.promoters")), name: text{"Promoters", "推奨者"}, color: good},
						},
					},
					k.bySegments(panel{title: text{"Satisfied customers, by segment", "セグメント別CSAT"}, about: []string{"csat"}, width: 8, unit: percent}, k.ratio("csat.satisfied", "csat.responses", by), "csat.ratio", ""),
				},
			},
			{
				title: text{"Support (whole company)", "サポート(全社)"}, height: 9, panels: []panel{
					{
						title: text{"Tickets opened, resolved and open", "チケットの起票・解決・未解決"}, about: []string{"tickets"}, width: 7, look: trend, unit: count,
						ask: []target{
							{prom: sum(k.of("tickets.opened")), name: text{"Opened in 28 days", "28日間の起票"}, color: blue},
							{prom: sum(k.of("tickets.resolved")), name: text{"Resolved in 28 days", "28日間の解決"}, color: good},
							{prom: sum(k.of("tickets.open")), name: text{"Open", "未解決"}, color: warning},
							{prom: sum(k.of("tickets.complaints")), name: text{"Complaints in 28 days", "28日間のクレーム"}, color: bad},
						},
					},
					{
						title: text{"Median hours to the first answer, by severity", "初回応答までの時間(中央値、重要度別)"}, about: []string{"tickets"}, width: 7, look: trend, unit: hours, min: new(0.0), labels: []string{"ticket severity"},
						ask: []target{{prom: hoursOf("first_response_p50_seconds"), legend: "{{severity}}"}},
					},
					{
						title: text{"Tickets by severity", "重要度別のチケット"}, about: []string{"tickets"}, width: 10, look: table, unit: count,
						ask: []target{
							{prom: k.of("tickets.opened"), over: listed}, {prom: k.of("tickets.open"), over: listed}, {prom: k.of("tickets.complaints"), over: listed},
							{prom: hoursOf("first_response_p90_seconds"), over: listed}, {prom: hoursOf("resolution_p50_seconds"), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("severity"), without("Time")},
						fields: []override{
							{field: "severity", name: text{"Severity", "重要度"}, words: "ticket severity", custom: coloured(), width: 85}, {field: "Value #A", name: text{"Opened", "起票"}, width: 80}, {field: "Value #B", name: text{"Open", "未解決"}, width: 75}, {field: "Value #C", name: text{"Complaints", "クレーム"}, width: 105},
							{field: "Value #D", name: text{"Answer, 90 %", "90%が応答"}, unit: &hours}, {field: "Value #E", name: text{"Solved, half", "50%が解決"}, unit: &hours},
						},
					},
				},
			},
			{
				title: text{"Taking part, and what CS brings back", "エンゲージメントと顧客の声"}, height: 9, panels: []panel{
					{
						title: text{"Engagement in 90 days", "エンゲージメント(90日間)"}, about: []string{"engagement"}, width: 7, look: trend, unit: percent, labels: []string{"engagement kind"}, min: new(0.0),
						ask: []target{{prom: k.ratio("engagement.part", "engagement.whole", []string{"kind"}), legend: "{{kind}}"}},
					},
					{
						title: text{"What CS brought back, whole company", "CSが持ち帰った顧客の声(全社)"}, about: []string{"feedback"}, width: 7, look: trend, unit: count, labels: []string{"feedback kind"}, custom: stacked("normal"),
						ask: []target{{prom: k.of("feedback.items", chosenWindow), legend: "{{kind}}"}},
					},
					{
						title: text{"What each CSM brought back", "CSM別の顧客の声"}, about: []string{"feedback_by_csm"}, width: 10, look: table, unit: count,
						ask: []target{
							{prom: k.of("feedback_by_csm.items", `kind="product_request"`, chosenWindow, ofCSMs), over: listed}, {prom: k.of("feedback_by_csm.items", `kind="use_case_share"`, chosenWindow, ofCSMs), over: listed},
							{prom: k.of("feedback_by_csm.items", `kind="case_study"`, chosenWindow, ofCSMs), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("csm"), without("Time")},
						fields: []override{
							{field: "csm", name: text{"CSM", "CSM"}}, {field: "Value #A", name: vocabulary["feedback kind"][0].text}, {field: "Value #B", name: vocabulary["feedback kind"][1].text}, {field: "Value #C", name: vocabulary["feedback kind"][2].text},
						},
					},
				},
			},
			{
				height: 9, panels: []panel{{
					title: text{"Complaints and unhappy answers, latest first", "クレームと低評価の回答(新しい順)"}, about: []string{"tickets", "nps"}, width: 24, look: table, unit: count,
					note: text{"Complaints, and answers of 0 to 6 of 10 (NPS) or 1 and 2 of 5 (CSAT), within the board's time range.", "ボードの期間内のクレームと、NPSの0〜6、CSATの1・2の回答。"},
					ask:  []target{{sql: unhappySQL}},
					fields: []override{
						{field: "account_id", hidden: true}, {field: "at", name: text{"When", "日時"}, unit: &date, width: 120}, {field: "account", name: text{"Account", "顧客"}, account: "account_id"},
						{field: "csm", name: text{"CSM", "担当CSM"}}, {field: "what", name: text{"What", "内容"}, words: "unhappy"}, {field: "score", name: text{"Score", "評価"}, unit: &score}, {field: "state", name: text{"State", "状態"}, words: "ticket state", custom: coloured()},
					},
				}},
			},
		},
	}
}

// ofAll is said of a number that is not known by segment.
var ofAll = text{"Of the whole company, whatever segments are chosen.", "選択したセグメントにかかわらず全社の値。"}
