package intake_test

import "testing"

// TestReplacedRows: which past days rows touched that are replaced is told, since nothing else says so afterwards.
func TestReplacedRows(t *testing.T) {
	f := newFixture(t)
	told := func() string { return f.query("table, first_on, last_on, rows", "cs.fact_changes order by changed_at") }
	const header = "contract_id,account_id,acv,starts_on,ends_before,notice_on,source,updated_at\n"
	f.imports(f.file("1/contracts.csv", header+"c1,a,100,2024-03-01,2025-03-01,,crm,2024-03-01\nc2,a,100,2023-01-01,,,crm,2024-03-01\nc3,a,100,2090-01-01,,,crm,2024-03-01\n"),
		f.file("1/touchpoints.csv", "touchpoint_id,account_id,kind,happened_at,source,updated_at\nt1,a,call,2024-05-01T10:00:00Z,crm,2024-05-01\n"),
		f.file("1/accounts.csv", "account_id,csm,created_on,source,updated_at\na,kim,2022-01-01,crm,2024-03-01\n"))
	f.equal("new rows, which say themselves what they touch", told(), "")
	f.imports(f.file("2/contracts.csv", header+"c1,a,100,2024-03-01,2025-03-01,,crm,2024-03-01\n"))
	f.equal("the same rows again", told(), "")
	f.imports(f.file("3/contracts.csv", header+"c1,a,100,2024-06-01,2025-03-01,,crm,2024-06-01\nc2,a,100,2023-01-01,,2024-02-01,crm,2024-06-01\nc3,a,200,2090-01-01,,,crm,2024-06-01\n"))
	f.equal("corrected contracts", told(), "contracts|2023-01-01|2024-03-01|0")
	f.imports(f.file("4/touchpoints.csv", "touchpoint_id,account_id,kind,happened_at,source,updated_at\nt1,a,call,2024-05-20T10:00:00Z,crm,2024-06-01\n"),
		f.file("4/accounts.csv", "account_id,csm,created_on,source,updated_at\na,lee,2022-01-01,crm,2024-06-01\n"))
	f.equal("and a touchpoint; versions of accounts stay", told(), "contracts|2023-01-01|2024-03-01|0\ntouchpoints|2024-05-01|2024-05-01|0")
}
