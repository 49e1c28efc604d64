package dashboards

// Colours that people tell apart whatever their eyes, after Okabe and Ito. Good and bad are never told by colour alone:
// a word or a sign stands beside it.
const (
	blue      = "#3D8FD1"
	sky       = "#8CCBF2"
	purple    = "#B877A8"
	good      = "#12A57C"
	near      = "#3D8FD1"
	warning   = "#E5A11C"
	bad       = "#D4511E"
	grey      = "#8F939C"
	invisible = "transparent"
)

// word is how a value of a label is shown.
type word struct {
	value string
	text  text
	color string // where it has one of its own
}

// vocabulary has the values of the labels whose values are known; others, such as names of CSMs, are shown as they are.
var vocabulary = map[string][]word{
	"segment": {
		{"high", text{"High touch", "ハイタッチ"}, blue},
		{"low", text{"Low touch", "ロータッチ"}, purple},
		{"tech", text{"Tech touch", "テックタッチ"}, sky},
		{"(other)", text{"Others", "その他"}, grey},
	},
	"band": {
		{"green", text{"Green", "グリーン"}, good},
		{"yellow", text{"Yellow", "イエロー"}, warning},
		{"red", text{"Red", "レッド"}, bad},
		{"unknown", text{"Unknown", "不明"}, grey},
	},
	"movement": {
		{"new", text{"New", "新規"}, good},
		{"expansion", text{"Expansion", "拡大"}, good},
		{"reactivation", text{"Reactivation", "復活"}, good},
		{"currency", text{"Currency", "為替"}, grey},
		{"contraction", text{"Contraction", "縮小"}, bad},
		{"churn", text{"Churn", "解約"}, bad},
	},
	"window": {
		{"1m", text{"1 month", "1か月"}, ""},
		{"3m", text{"3 months", "3か月"}, ""},
		{"12m", text{"12 months", "12か月"}, ""},
	},
	"horizon": {
		{"90d", text{"90 days before", "90日前"}, blue},
		{"180d", text{"180 days before", "180日前"}, purple},
	},
	"due": {
		{"overdue", text{"Overdue", "期限超過"}, bad},
		{"0-30d", text{"1 to 30 days", "30日以内"}, warning},
		{"31-60d", text{"31 to 60 days", "31〜60日"}, blue},
		{"61-90d", text{"61 to 90 days", "61〜90日"}, sky},
	},
	"definition": {
		{"cohort", text{"Cohort (the one used here)", "コホート(標準)"}, blue},
		{"chained", text{"Chained months", "月次の連鎖"}, purple},
		{"movement", text{"By movements", "増減ベース"}, sky},
	},
	"dimension": {
		{"deployment", text{"Deployment", "導入"}, blue},
		{"engagement", text{"Engagement", "関与"}, purple},
		{"adoption", text{"Adoption", "活用"}, sky},
		{"roi", text{"ROI", "ROI"}, grey},
	},
	"direction": {
		{"improved", text{"Improved", "改善"}, good},
		{"declined", text{"Declined", "悪化"}, bad},
	},
	"risk reason": { // of cs.risk
		{"notice", text{"Notice given", "解約通知"}, bad},
		{"both", text{"Usage and judgement", "利用状況と定性リスク"}, "#E07B4F"},
		{"usage", text{"Usage", "利用状況"}, warning},
		{"qualitative", text{"Judgement", "定性リスク"}, "#EBC77A"},
	},
	"phase": {
		{"onboarding", text{"Onboarding", "オンボーディング"}, sky},
		{"adoption", text{"Adoption", "アダプション"}, blue},
		{"growth", text{"Growth", "拡大"}, good},
		{"leaving", text{"Leaving", "解約予定"}, bad},
	},
	"expansion kind": {
		{"upsell", text{"Upsell", "アップセル"}, blue},
		{"cross_sell", text{"Cross-sell", "クロスセル"}, purple},
		{"extension", text{"Extension", "エクステンション"}, sky},
		{"expand", text{"Expand", "Expand"}, grey},
	},
	"touch kind": {
		{"meeting", text{"Meeting", "会議"}, blue},
		{"call", text{"Call", "電話"}, purple},
		{"visit", text{"Visit", "訪問"}, "#2C5C88"},
		{"review", text{"Review", "レビュー"}, "#DDBFD6"},
		{"email", text{"E-mail", "メール"}, sky},
		{"webinar", text{"Webinar", "ウェビナー"}, grey},
	},
	"engagement kind": {
		{"email", text{"E-mails opened", "メール開封"}, blue},
		{"webinar", text{"Webinars attended", "ウェビナー参加"}, purple},
		{"executive", text{"Executive contact", "決裁者との接点"}, sky},
		{"community", text{"Community", "コミュニティ参加"}, grey},
	},
	"feedback kind": {
		{"product_request", text{"Product requests", "製品への要望"}, blue},
		{"use_case_share", text{"Use cases shared", "ユースケース共有"}, purple},
		{"case_study", text{"Case studies", "導入事例"}, sky},
	},
	"signal": {
		{"seats_nearly_full", text{"Seats nearly full", "シートがほぼ満席"}, blue},
		{"usage_rising", text{"Usage rising", "利用が増加"}, blue},
		{"quantity_rising", text{"Quantity rising", "利用量が増加"}, blue},
		{"new_department_active", text{"New department active", "新しい部門が利用"}, blue},
		{"raised_by_csm", text{"Raised by the CSM", "CSMがチャンスを記録"}, blue},
		{"no_open_opportunity", text{"No open opportunity", "拡大商談なし"}, blue},
	},
	"point": {
		{"value_point_1", text{"Value point 1", "バリューポイント1"}, blue},
		{"value_point_2", text{"Value point 2", "バリューポイント2"}, purple},
		{"value_point_3", text{"Value point 3", "バリューポイント3"}, sky},
	},
	"outcome": {
		{"on_time", text{"Onboarded in time", "期限内に完了"}, good},
		{"late", text{"Onboarded late", "期限後に完了"}, warning},
		{"never", text{"Not onboarded", "未完了"}, bad},
	},
	"measure": {
		{"seats_in_use", text{"Seats in use", "シート利用率"}, ""},
		{"setup_done", text{"Set-up done", "初期設定の完了"}, ""},
		{"touch", text{"Last touch", "最後の接点"}, ""},
		{"mail_opened", text{"E-mails opened", "メール開封率"}, ""},
		{"webinar_attended", text{"Webinars attended", "ウェビナー参加率"}, ""},
		{"tickets", text{"Tickets asked", "チケット起票"}, ""},
		{"decision_maker", text{"Decision maker met", "決裁者との接点"}, ""},
		{"stickiness", text{"Stickiness", "スティッキネス"}, ""},
		{"depth", text{"Days of use", "利用日数"}, ""},
		{"breadth", text{"Features used", "利用機能の幅"}, ""},
		{"quantity", text{"Quantity over 28 days before", "利用量(前28日比)"}, ""},
		{"verified_outcome", text{"Verified outcome", "効果の実証"}, ""},
	},
	"step": { // of the waterfall of ARR
		{"1 opening", text{"Opening", "期首"}, ""},
		{"2 new", text{"New", "新規"}, ""},
		{"3 expansion", text{"Expansion", "拡大"}, ""},
		{"4 reactivation", text{"Returned", "復活"}, ""},
		{"5 currency", text{"Currency", "為替"}, ""},
		{"6 contraction", text{"Contraction", "縮小"}, ""},
		{"7 churn", text{"Churn", "解約"}, ""},
		{"8 closing", text{"Now", "現在"}, ""},
	},
	"churn reason": { // as sources often call them; others are shown as they are
		{"price", text{"Price", "価格"}, ""},
		{"budget", text{"Budget", "予算"}, ""},
		{"product_gap", text{"Product gap", "機能不足"}, ""},
		{"onboarding_failed", text{"Onboarding failed", "オンボーディングの失敗"}, ""},
		{"competitor", text{"Competitor", "競合への乗り換え"}, ""},
		{"business_closed", text{"Business closed", "廃業・事業終了"}, ""},
		{"policy_change", text{"Policy change", "営業方針の変更"}, ""},
		{"reorganisation", text{"Reorganisation", "組織変更"}, ""},
		{"merger", text{"Merger", "合併"}, ""},
		{"champion_left", text{"Champion left", "推進者の異動・退職"}, ""},
		{"quality", text{"Quality", "品質"}, ""},
		{"unknown", text{"Unknown", "不明"}, ""},
		{"(other)", text{"Others", "その他"}, ""},
	},
	"renewal outcome": {
		{"open", text{"Open", "更新前"}, ""},
		{"lost", text{"Notice given", "解約通知"}, bad},
		{"undecided", text{"No word", "連絡なし"}, warning},
	},
	"severity": { // of a risk that a person raised
		{"1", text{"1 low", "1(低)"}, ""},
		{"2", text{"2 medium", "2(中)"}, warning},
		{"3", text{"3 high", "3(高)"}, bad},
	},
	"event": { // of the timeline of an account
		{"contract_began", text{"Contract began", "契約開始"}, ""},
		{"contract_renewed", text{"Contract renewed", "契約更新"}, good},
		{"contract_ended", text{"Contract ended", "契約終了"}, ""},
		{"contract_notice", text{"Notice given", "解約通知"}, bad},
		{"feedback", text{"Feedback", "顧客の声"}, ""},
		{"ticket_opened", text{"Ticket opened", "チケット起票"}, ""},
		{"ticket_answered", text{"Ticket answered", "チケット応答"}, ""},
		{"ticket_resolved", text{"Ticket resolved", "チケット解決"}, ""},
		{"complaint", text{"Complaint", "クレーム"}, bad},
		{"milestone_due", text{"Milestone due", "マイルストーン期限"}, ""},
		{"milestone_reached", text{"Milestone reached", "マイルストーン到達"}, good},
		{"touchpoint", text{"Touch", "接点"}, ""},
		{"risk_raised", text{"Risk raised", "リスク登録"}, warning},
		{"risk_closed", text{"Risk closed", "リスク解消"}, good},
		{"account_created", text{"Account created", "アカウント作成"}, ""},
		{"owner_changed", text{"Owner changed", "担当変更"}, ""},
		{"survey", text{"Survey", "アンケート回答"}, ""},
		{"churned", text{"Churned", "解約"}, bad},
		{"value_review", text{"Value review", "バリューレビュー"}, ""},
		{"action_item_due", text{"Action item due", "対応項目の期限"}, ""},
		{"action_item_done", text{"Action item done", "対応項目の完了"}, ""},
		{"first_paid", text{"First paid day", "利用開始"}, ""},
		{"returned", text{"Returned", "復活"}, good},
		{"engagement", text{"Engagement", "エンゲージメント"}, ""},
		{"usage", text{"Usage", "利用"}, ""},
		{"opportunity_created", text{"Opportunity created", "商談創出"}, ""},
		{"opportunity_won", text{"Opportunity won", "受注"}, good},
		{"opportunity_lost", text{"Opportunity lost", "失注"}, ""},
		{"health_overridden", text{"Health set by hand", "ヘルスの手動設定"}, warning},
		{"health_override_ended", text{"Health no longer set by hand", "ヘルスの手動設定の終了"}, ""},
	},
	"intake outcome": {
		{"stored", text{"Stored", "保存"}, blue},
		{"rejected", text{"Rejected", "拒否"}, bad},
	},
	"data state": { // of the data parts, behind which stands a number or an instant
		{"damaged", text{"‼ Data parts are missing or damaged. Do not rely on these numbers; see the board “cskpi itself”", "‼ データパートの欠落・破損があります。数値を使う前にボード「cskpiの稼働状況」を確認してください"}, bad},
		{"whole", text{"✓ No data parts are missing or damaged; checked", "✓ データパートの欠落・破損はありません。検査"}, good},
		{"unchecked", text{"! Data parts have not been checked since", "! データパートの検査が止まっています。最後の検査"}, warning},
		{"unknown", text{"Data parts are not checked here; KPIs were last computed", "データパートの検査は行われていません。KPIの最終計算"}, grey},
	},
	"account band": {
		{"green", text{"Green", "グリーン"}, good},
		{"yellow", text{"Yellow", "イエロー"}, warning},
		{"red", text{"Red", "レッド"}, bad},
		{"unknown", text{"Unknown", "不明"}, grey},
		{"none", text{"No contract", "契約なし"}, grey},
	},
	"account risk": {
		{"", text{"None", "なし"}, good},
		{"notice", text{"Notice given", "解約通知"}, bad},
		{"both", text{"Usage and judgement", "利用状況と定性リスク"}, bad},
		{"usage", text{"Usage", "利用状況"}, bad},
		{"qualitative", text{"People's judgement", "定性リスク"}, bad},
		{"none", text{"No contract", "契約なし"}, grey},
	},
	"contract kind": {
		{"", text{"–", "–"}, ""},
		{"new", text{"New", "新規"}, ""},
		{"renewal", text{"Renewal", "更新"}, ""},
		{"upsell", text{"Upsell", "アップセル"}, ""},
		{"cross_sell", text{"Cross-sell", "クロスセル"}, ""},
		{"extension", text{"Extension", "エクステンション"}, ""},
	},
	"contract state": {
		{"active", text{"Active", "契約中"}, good},
		{"notice", text{"Notice given", "解約通知"}, bad},
		{"ended", text{"Ended", "終了"}, grey},
	},
	"item state": {
		{"open", text{"Open", "予定"}, blue},
		{"overdue", text{"Overdue", "期限超過"}, bad},
		{"done", text{"Done", "完了"}, grey},
	},
	"milestone": {
		{"kickoff", text{"Kick-off", "キックオフ"}, ""},
		{"setup", text{"Set-up", "初期設定"}, ""},
		{"time_to_use", text{"First real use", "利用開始"}, ""},
		{"value_point_1", text{"Value point 1", "バリューポイント1"}, ""},
		{"value_point_2", text{"Value point 2", "バリューポイント2"}, ""},
		{"value_point_3", text{"Value point 3", "バリューポイント3"}, ""},
		{"onboarded", text{"Onboarded", "オンボーディング完了"}, ""},
	},
	"unhappy": {
		{"complaint", text{"Complaint", "クレーム"}, bad},
		{"nps", text{"NPS: detractor", "NPS:批判者"}, warning},
		{"csat", text{"CSAT: not satisfied", "CSAT:不満"}, warning},
	},
	"ticket state": {
		{"", text{"–", "–"}, grey},
		{"open", text{"Open", "未解決"}, bad},
		{"resolved", text{"Resolved", "解決済み"}, grey},
	},
	"driver": { // of risk, other than measures of health
		{"notice_given", text{"Notice given", "解約通知"}, bad},
		{"set_by_hand", text{"Red by hand", "手動でレッドに設定"}, bad},
		{"risk", text{"Risk raised", "定性リスク"}, warning},
		{"risk_price", text{"Risk: price", "リスク:価格"}, warning},
		{"risk_budget", text{"Risk: budget", "リスク:予算"}, warning},
		{"risk_product_gap", text{"Risk: product gap", "リスク:機能不足"}, warning},
		{"risk_competitor", text{"Risk: competitor", "リスク:競合"}, warning},
		{"risk_policy_change", text{"Risk: policy change", "リスク:方針変更"}, warning},
		{"risk_reorganisation", text{"Risk: reorganisation", "リスク:組織変更"}, warning},
		{"risk_champion_left", text{"Risk: champion left", "リスク:推進者の離任"}, warning},
		{"risk_quality", text{"Risk: quality", "リスク:品質"}, warning},
	},
	"budget window": {
		{"7d", text{"7 days", "7日間"}, grey},
		{"28d", text{"28 days", "28日間"}, bad},
		{"91d", text{"91 days", "91日間"}, purple},
		{"364d", text{"364 days", "364日間"}, blue},
	},
	"gap": {
		{"overdue", text{"Overdue", "期限超過"}, bad},
		{"0-7d", text{"Within 7 days", "7日以内"}, warning},
		{"8-14d", text{"8 to 14 days", "8〜14日"}, blue},
	},
	"standing": { // of a number to its target
		{"on_target", text{"✓ on target", "✓ 目標達成"}, good},
		{"near_target", text{"≈ near target", "≈ 目標に近い"}, near},
		{"below_target", text{"! below target", "! 目標未達"}, warning},
		{"warning", text{"! warning", "! 警告"}, warning},
		{"critical", text{"‼ critical", "‼ 重大"}, bad},
		{"now", text{"now", "現在"}, blue},
	},
	"change": { // of a number in 90 days
		{"same", text{"= in 90 days", "= 90日間"}, grey},
		{"up", text{"▲ in 90 days", "▲ 90日間"}, ""},
		{"down", text{"▼ in 90 days", "▼ 90日間"}, ""},
		{"none", text{"in 90 days", "90日間"}, grey},
	},
	"no past": {
		{"0", text{"–", "–"}, grey},
	},
	"mark": { // on the time axis: what changed, or why told numbers moved
		{"setting", text{"Setting changed", "設定の変更"}, ""},
		{"definition", text{"Definition changed", "定義の変更"}, ""},
		{"settings", text{"Setting changed", "設定の変更"}, ""},
		{"facts", text{"Facts arrived late", "遅れて届いたデータ"}, ""},
		{"asked", text{"Asked for", "手動の再計算"}, ""},
	},
	"phrase": { // in what the timeline of an account tells
		{" with an executive", text{" with an executive", "(決裁者同席)"}, ""},
		{"in place of ", text{"in place of ", "更新元 "}, ""},
		{"no longer pays", text{"no longer pays", "契約終了"}, ""},
		{"became a customer again", text{"became a customer again", "契約再開"}, ""},
		{"became a customer", text{"became a customer", "契約開始"}, ""},
		{"of no value or a trial", text{"of no value or a trial", "無償またはトライアル"}, ""},
		{"as moved", text{"as moved", "変更後"}, ""},
		{"not verified", text{"not verified", "未実証"}, ""},
		{"improved by ", text{"improved by ", "改善率 "}, ""},
		{" seats", text{" seats", "シート"}, ""},
		{" by cs", text{" by CS", "(CS創出)"}, ""},
		{" by ae", text{" by sales", "(営業創出)"}, ""},
		{" by marketing", text{" by marketing", "(マーケティング創出)"}, ""},
		{" by partner", text{" by a partner", "(パートナー創出)"}, ""},
		{" for ", text{" for ", " / "}, ""},
	},
	"story": { // words there
		{"meeting", text{"meeting", "会議"}, ""},
		{"call", text{"call", "電話"}, ""},
		{"visit", text{"visit", "訪問"}, ""},
		{"review", text{"review", "レビュー"}, ""},
		{"email", text{"e-mail", "メール"}, ""},
		{"webinar", text{"webinar", "ウェビナー"}, ""},
		{"neutral", text{"neutral", "変化なし"}, ""},
		{"opportunity", text{"opportunity", "チャンスあり"}, ""},
		{"risk", text{"risk", "リスクあり"}, ""},
		{"nps", text{"NPS", "NPS"}, ""},
		{"csat", text{"CSAT", "CSAT"}, ""},
		{"severity", text{"severity", "重要度"}, ""},
		{"low", text{"low", "低"}, ""},
		{"normal", text{"normal", "中"}, ""},
		{"high", text{"high", "高"}, ""},
		{"urgent", text{"urgent", "緊急"}, ""},
		{"owner", text{"owner", "担当"}, ""},
		{"contract", text{"contract", "契約"}, ""},
		{"verified", text{"verified", "実証済み"}, ""},
		{"upsell", text{"upsell", "アップセル"}, ""},
		{"cross_sell", text{"cross-sell", "クロスセル"}, ""},
		{"extension", text{"extension", "エクステンション"}, ""},
		{"expand", text{"expand", "Expand"}, ""},
		{"renewal", text{"renewal", "更新"}, ""},
		{"product_request", text{"product request", "製品への要望"}, ""},
		{"use_case_share", text{"use case shared", "ユースケース共有"}, ""},
		{"case_study", text{"case study", "導入事例"}, ""},
		{"green", text{"green", "グリーン"}, ""},
		{"yellow", text{"yellow", "イエロー"}, ""},
		{"red", text{"red", "レッド"}, ""},
		{"kickoff", text{"kick-off", "キックオフ"}, ""},
		{"setup", text{"set-up", "初期設定"}, ""},
		{"time_to_use", text{"first real use", "利用開始"}, ""},
		{"value_point_1", text{"value point 1", "バリューポイント1"}, ""},
		{"value_point_2", text{"value point 2", "バリューポイント2"}, ""},
		{"value_point_3", text{"value point 3", "バリューポイント3"}, ""},
		{"onboarded", text{"onboarded", "オンボーディング完了"}, ""},
		{"price", text{"price", "価格"}, ""},
		{"budget", text{"budget", "予算"}, ""},
		{"product_gap", text{"product gap", "機能不足"}, ""},
		{"onboarding_failed", text{"onboarding failed", "オンボーディングの失敗"}, ""},
		{"competitor", text{"competitor", "競合"}, ""},
		{"business_closed", text{"business closed", "廃業・事業終了"}, ""},
		{"policy_change", text{"policy change", "方針変更"}, ""},
		{"reorganisation", text{"reorganisation", "組織変更"}, ""},
		{"merger", text{"merger", "合併"}, ""},
		{"champion_left", text{"champion left", "推進者の離任"}, ""},
		{"quality", text{"quality", "品質"}, ""},
		{"unknown", text{"unknown", "不明"}, ""},
	},
	"ticket severity": { // as sources often call them; others are shown as they are
		{"urgent", text{"Urgent", "緊急"}, bad},
		{"high", text{"High", "高"}, warning},
		{"normal", text{"Normal", "中"}, blue},
		{"low", text{"Low", "低"}, grey},
	},
	"has": {
		{"0", text{"–", "–"}, ""},
		{"1", text{"✓", "✓"}, ""},
	},
	"yes": {
		{"0", text{"no", "いいえ"}, ""},
		{"1", text{"yes", "はい"}, ""},
	},
}

// sentences say that a list is empty. {n} is how many could be on it, {day} the day as of which that is known. They are the only texts that may give
// an all-clear, because they come with an answer: a panel without one cannot know.
var sentences = map[string]text{
	"no risk":           {"✓ No ARR is at risk: 0 of {n} paying accounts (as of {day})", "✓ リスクARRのある顧客は契約中{n}社中0社({day}時点)"},
	"no risk driver":    {"✓ No account at risk: 0 of {n} (as of {day})", "✓ リスクのある顧客:{n}社中0社({day}時点)"},
	"no raised risk":    {"✓ No open risk: 0 of {n} accounts (as of {day})", "✓ 未解決の定性リスク:{n}社中0社({day}時点)"},
	"no decline":        {"✓ No score fell in 28 days: 0 of {n} scored accounts (as of {day})", "✓ 28日間にヘルスが悪化した顧客は{n}社中0社({day}時点)"},
	"no signal":         {"0 of {n} green accounts show a signal (as of {day})", "兆候のある顧客はグリーンの{n}社中0社({day}時点)"},
	"no renewal":        {"0 of {n} active contracts are due within 90 days (as of {day})", "90日以内に更新を迎える契約は有効な{n}件中0件({day}時点)"},
	"no onboarding":     {"✓ 0 of {n} paying accounts are still in onboarding (as of {day})", "✓ オンボーディング未完了の顧客は契約中{n}社中0社({day}時点)"},
	"no overdue item":   {"✓ 0 of {n} CSMs have overdue items (as of {day})", "✓ 期限超過のある担当者:{n}人中0人({day}時点)"},
	"no gap":            {"✓ No touch is overdue or due within 14 days, of {n} accounts (as of {day})", "✓ 接点の期限超過・14日以内の期限:対象{n}社中0社({day}時点)"},
	"no complaint":      {"✓ 0 complaints and low scores among {n} tickets and answers (latest on {day})", "✓ チケットと回答{n}件中、クレーム・低評価は0件(最新は{day})"},
	"no churn":          {"✓ 0 accounts left in five fiscal years; {n} pay (as of {day})", "✓ 5会計年度の解約は0社、契約中は{n}社({day}時点)"},
	"no failure":        {"✓ 0 of {n} KPIs failed (as of {day})", "✓ 失敗したKPI:{n}件中0件({day}時点)"},
	"no restatement":    {"✓ 0 of {n} closing numbers have changed since they were reported (as of {day})", "✓ 報告後に変わった数値:{n}件中0件({day}時点)"},
	"no violation":      {"✓ 0 of {n} checks find a violation (as of {day})", "✓ 違反のある検査項目:{n}件中0件({day}時点)"},
	"no damage":         {"✓ 0 of {n} tables have damaged parts (checked on {day})", "✓ 破損のある表:{n}件中0件({day}検査)"},
	"no data":           usualEmpty,
	"nothing recorded":  {"None recorded for this account (as of {day})", "この顧客の記録なし({day}時点)"},
	"nothing in period": {"None recorded for this account in this time range (as of {day})", "この顧客・期間の記録なし({day}時点)"},
}

// Words that stand on several boards. Where there is no answer, a text says so and where to look; it gives no all-clear.
var (
	targetWord = text{"Target", "目標"}
	tileEmpty  = text{"no data", "データなし"}
	lineEmpty  = text{"No data: see “cskpi itself”", "データなし(「cskpiの稼働状況」参照)"} // where a text has one line
	usualEmpty = text{
		"No data for this selection and time range. See the board “cskpi itself”.",
		"この条件・期間のデータなし。ボード「cskpiの稼働状況」を確認してください。",
	}
	dailyEmpty = text{
		"No data for this selection and time range. cskpi history writes past days. See the board “cskpi itself”.",
		"この条件・期間のデータなし。過去分はcskpi historyで取り込めます。ボード「cskpiの稼働状況」を確認してください。",
	}
)

// empty is the usual text, with what the panel needs to have data.
func empty(needs text) text { return text{usualEmpty.en + " " + needs.en, usualEmpty.ja + needs.ja} }
