package dashboards

// growing shows the pipeline that Customer Success makes, whether it is any good, and what becomes of it.
func growing(k *kpis) board {
	kinds := []string{"expansion kind"}
	keys := []key{
		{
			title: text{"Pipeline created by CS", "Pipegen(商談創出額)"}, about: []string{"pipegen"}, unit: money, share: true, width: 6, goal: "pipegen.amount", additive: true,
			value: sum(k.of("pipegen.amount", chosenWindow)),
			note:  text{"A target for pipegen.amount is one for twelve months.", "pipegen.amountの目標は12か月の値。"},
		},
		{
			title: text{"Won of what was decided", "受注率"}, about: []string{"pipeline_quality"}, goal: "pipeline_quality.win_ratio", unit: percent, width: 6,
			value: over(sum(k.of("pipeline_quality.won", chosenWindow)), write("%s + %s", sum(k.of("pipeline_quality.won", chosenWindow)), sum(k.of("pipeline_quality.lost", chosenWindow)))),
		},
		{
			title: text{"Expansion booked", "エクスパンション受注額"}, about: []string{"expansion_bookings"}, unit: money, share: true, width: 6, goal: "expansion_bookings.amount", additive: true,
			value: sum(k.of("expansion_bookings.amount", chosenWindow)),
		},
		{
			title: text{"Land & Expand: expands won", "Land & Expand成功率"}, about: []string{"land_expand"}, goal: "land_expand.ratio", unit: percent, width: 6,
			value: k.ratio("land_expand.won_expands", "land_expand.planned_expands", nil, chosenWindow),
		},
	}
	top := row{height: 4}
	for _, of := range keys {
		top.panels = append(top.panels, k.judged(of))
	}
	return board{
		title:      text{"Customer Success: expansion", "カスタマーサクセス:エクスパンション"},
		about:      text{"The pipeline that Customer Success creates, its quality, and what becomes of it.", "CSが創出する商談(Pipegen)とその質、受注実績。"},
		variables:  []variable{segments(), window(), csms(), currency()},
		clickhouse: true,
		rows: []row{
			top,
			{
				title: text{"Pipeline", "パイプライン"}, height: 9, panels: []panel{
					{
						title: text{"Pipeline created, by kind", "種別ごとのPipegen"}, about: []string{"pipegen"}, width: 12, look: trend, unit: money, labels: kinds, custom: stacked("normal"),
						ask: []target{{prom: sum(k.of("pipegen.amount", chosenWindow), "kind"), legend: "{{kind}}"}},
					},
					{
						title: text{"Pipeline created and expansion booked", "Pipegenとエクスパンション受注"}, about: []string{"expansion_bookings"}, width: 12, look: trend, unit: money,
						ask: []target{
							{prom: sum(k.of("pipegen.amount", chosenWindow)), name: text{"Pipeline created", "商談創出(Pipegen)"}, color: blue},
							{prom: sum(k.of("expansion_bookings.amount", chosenWindow)), name: text{"Booked", "受注"}, color: good},
							{prom: sum(k.of("expansion_bookings.originated_amount", chosenWindow)), name: text{"Booked of what CS created", "うちCS創出"}, color: purple},
						},
					},
				},
			},
			{
				title: text{"Is it any good?", "パイプラインの質"}, height: 9, panels: []panel{
					{
						title: text{"Win ratio by kind, whole company", "種別ごとの受注率(全社)"}, about: []string{"pipeline_quality"}, width: 8, look: trend, unit: percent, labels: kinds, min: new(0.0),
						ask: []target{
							{prom: k.of("pipeline_quality.win_ratio", chosenWindow), legend: "{{kind}}"},
							{prom: k.level("target", "pipeline_quality.win_ratio", false), name: targetWord, color: grey, dashed: true},
						},
					},
					{
						title: text{"Median days from creation to winning, by kind", "創出から受注までの日数(中央値、種別ごと)"}, about: []string{"pipeline_quality"}, width: 8, look: trend, unit: days, labels: kinds, min: new(0.0),
						ask: []target{{prom: write("%s / 86400", k.of("pipeline_quality.cycle_p50_seconds", chosenWindow)), legend: "{{kind}}"}},
					},
					{
						title: text{"Open opportunities, by kind", "進行中の商談数(種別ごと)"}, about: []string{"pipeline_quality"}, width: 8, look: trend, unit: count, labels: kinds, custom: stacked("normal"),
						ask: []target{{prom: k.of("pipeline_quality.open_opportunities", chosenWindow), legend: "{{kind}}"}},
					},
				},
			},
			{
				title: text{"By CSM", "CSM別"}, height: 11, panels: []panel{
					{
						title: text{"Pipeline and what came of it, by CSM", "CSM別のPipegenと受注"}, about: []string{"pipegen_by_csm", "pipeline_quality_by_csm"}, width: 24, look: table, unit: count,
						ask: []target{
							{prom: k.of("pipegen_by_csm.amount", chosenWindow, ofCSMs), over: listed}, {prom: k.of("pipegen_by_csm.opportunities", chosenWindow, ofCSMs), over: listed},
							{prom: k.of("pipeline_quality_by_csm.won_amount", chosenWindow, ofCSMs), over: listed}, {prom: k.of("pipeline_quality_by_csm.won", chosenWindow, ofCSMs), over: listed},
							{prom: k.of("pipeline_quality_by_csm.lost", chosenWindow, ofCSMs), over: listed}, {prom: k.of("pipeline_quality_by_csm.win_ratio", chosenWindow, ofCSMs), over: listed},
						},
						change: []object{{"id": "merge", "options": object{}}, sorted("csm"), without("Time")},
						fields: []override{
							{field: "csm", name: text{"CSM", "CSM"}}, {field: "Value #A", name: text{"Pipeline created, ${currency}", "商談創出額(${currency})"}, unit: &amount, custom: object{"custom.displayMode": "basic", "min": 0}},
							{field: "Value #B", name: text{"Created", "創出件数"}}, {field: "Value #C", name: text{"Won, ${currency}", "受注額(${currency})"}, unit: &amount},
							{field: "Value #D", name: text{"Won", "受注件数"}}, {field: "Value #E", name: text{"Lost", "失注件数"}}, {field: "Value #F", name: text{"Win ratio", "受注率"}, unit: &percent},
						},
					},
				},
			},
			{
				title: text{"Where there is room", "拡大の余地"}, height: 9, panels: []panel{
					{
						title: text{"Green accounts with room to grow", "拡大の余地があるグリーンの顧客"}, about: []string{"expansion_signals"}, width: 8, look: ranking, unit: count, labels: []string{"signal"}, min: new(0.0),
						ask: []target{{prom: write("sort_desc(%s)", sum(k.of("expansion_signals.accounts"), "signal")), legend: "{{signal}}", over: latest}},
					},
					{
						title: text{"Land accounts: onboarded and expanded", "Land顧客の定着と拡大"}, about: []string{"land_accounts"}, width: 8, look: trend, unit: count,
						ask: []target{
							{prom: sum(k.of("land_accounts.accounts")), name: text{"Land accounts", "Land顧客"}, color: sky},
							{prom: sum(k.of("land_accounts.onboarded_accounts")), name: text{"Onboarded", "オンボーディング完了"}, color: blue},
							{prom: sum(k.of("land_accounts.expanded_accounts")), name: text{"Expanded", "拡大済み"}, color: good},
						},
					},
					{
						title: text{"Expands planned, won, and won in time, whole company", "Expandの予定・受注・期限内受注(全社)"}, about: []string{"land_expand"}, width: 8, look: trend, unit: count,
						ask: []target{
							{prom: k.of("land_expand.planned_expands", chosenWindow), name: text{"Planned", "予定"}, color: sky},
							{prom: k.of("land_expand.won_expands", chosenWindow), name: text{"Won", "受注"}, color: blue},
							{prom: k.of("land_expand.on_time_expands", chosenWindow), name: text{"Won in time", "期限内に受注"}, color: good},
						},
					},
				},
			},
			{
				height: 9, panels: []panel{{
					title: text{"Green accounts with room to grow, largest first", "拡大の余地がある顧客(ARR順)"}, about: []string{"expansion_signals"}, width: 24, look: table, unit: count,
					ask: []target{{sql: signalsSQL}},
					fields: []override{
						{field: "account_id", hidden: true}, {field: "account", name: text{"Account", "顧客"}, account: "account_id", width: 240}, {field: "csm", name: text{"CSM", "担当CSM"}, width: 150},
						{field: "segment", name: text{"Segment", "セグメント"}, words: "segment", width: 120}, {field: "arr", name: text{"ARR, ${currency}", "ARR(${currency})"}, unit: &amount, width: 130},
						{field: "seats_nearly_full", name: text{"Seats nearly full", "シートがほぼ満席"}, words: "has"}, {field: "usage_rising", name: text{"Usage rising", "利用が増加"}, words: "has"},
						{field: "quantity_rising", name: text{"Quantity rising", "利用量が増加"}, words: "has"},
						{field: "new_department_active", name: text{"New department", "新しい部門が利用"}, words: "has"}, {field: "raised_by_csm", name: text{"Raised by CSM", "CSMが記録"}, words: "has"},
						{field: "no_open_opportunity", name: text{"No opportunity open", "拡大商談なし"}, words: "has"},
					},
				}},
			},
		},
	}
}
