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
		{"roi", text{"ROI", "ROI(費用対効果)"}, grey},
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
		{"visit", text{"Visit", "訪問"}, good},
		{"review", text{"Review", "レビュー"}, warning},
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
		{"touch", text{"Time since the last touch", "最後の接点からの日数"}, ""},
		{"mail_opened", text{"E-mails opened", "メール開封率"}, ""},
		{"webinar_attended", text{"Webinars attended", "ウェビナー参加率"}, ""},
		{"tickets", text{"Tickets asked", "チケット起票"}, ""},
		{"decision_maker", text{"Decision maker met", "決裁者との接点"}, ""},
		{"stickiness", text{"Stickiness", "スティッキネス"}, ""},
		{"depth", text{"Days of use", "利用日数"}, ""},
		{"breadth", text{"Features used", "利用機能の幅"}, ""},
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
	"account risk": {
		{"", text{"None", "なし"}, good},
		{"notice", text{"Notice given", "解約通知"}, bad},
		{"both", text{"Usage and judgement", "利用状況と定性リスク"}, bad},
		{"usage", text{"Usage", "利用状況"}, bad},
		{"qualitative", text{"People's judgement", "定性リスク"}, bad},
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
		{"", text{"–", "–"}, ""},
		{"open", text{"Open", "未解決"}, bad},
		{"resolved", text{"Resolved", "解決済み"}, grey},
	},
	"yes": {
		{"0", text{"no", "いいえ"}, ""},
		{"1", text{"yes", "はい"}, ""},
	},
}

// Words that stand on several boards.
var (
	targetWord = text{"Target", "目標"}
	usualEmpty = text{"No data for this choice and time", "この条件・期間のデータはありません"}
)
