package intake_test

import "testing"

// TestTouched: what facts touch is announced to the layers: the accounts that they name, and that those named which they replace, from the first of
// the days of both on.
func TestTouched(t *testing.T) {
	f := withViews(t) // for functions
	told := func(what, want string) {
		t.Helper()
		f.equal(what, f.query("table, account_id, first_on, last_on, rows, step", "stored_fact_changes final order by all"), want)
		if err := f.conn.Exec(t.Context(), "truncate table stored_fact_changes"); err != nil {
			t.Fatal(err)
		}
	}
	const header = "contract_id,account_id,acv,starts_on,ends_before,renewed_from,source,updated_at\n"
	f.imports(f.file("1/contracts.csv", header+"c1,a,100,2024-03-01,2025-03-01,,crm,2024-03-01\nc2,a,100,2023-01-01,,,crm,2024-03-01\nc3,a,100,2090-01-01,,,crm,2024-03-01\n"),
		f.file("1/touchpoints.csv", "touchpoint_id,account_id,kind,happened_at,source,updated_at\nt1,a,call,2024-05-01T10:00:00Z,crm,2024-05-01\n"),
		f.file("1/accounts.csv", "account_id,csm,created_on,source,updated_at\na,kim,2022-01-01,crm,2024-03-01\n"),
		f.file("1/fx_rates.csv", "currency,day,rate,source\nEUR,2024-02-01,1.1,crm\n"))
	told("new rows; a new account holds since it was created", `accounts|a|2022-01-01|2022-01-01|1|2
contracts|a|2023-01-01|2090-01-01|3|2
fx_rates||2024-02-01|2024-02-01|1|2
touchpoints|a|2024-05-01|2024-05-01|1|2`)
	f.imports(f.file("2/contracts.csv", header+"c1,a,100,2024-03-01,2025-03-01,,crm,2024-03-01\n"))
	told("the same row again", "")
	f.imports(f.file("3/contracts.csv", header+"c1,a,100,2024-06-01,2025-03-01,,crm,2024-06-01\n"))
	told("a contract that begins later than was said", "contracts|a|2024-03-01|2024-06-01|1|2")
	f.imports(f.file("4/contracts.csv", header+"c2,b,100,2023-02-01,,,crm,2024-06-01\n"))
	told("a contract of another account than was said", "contracts|a|2023-01-01|2023-02-01|0|2\ncontracts|b|2023-02-01|2023-02-01|1|2")
	f.imports(f.file("5/contracts.csv", header+"c4,d,100,2024-09-01,,c1,crm,2024-06-01\n"))
	told("a renewal that another account has, by which the renewed contract ends", "contracts|a|2024-09-01|2024-09-01|0|2\ncontracts|d|2024-09-01|2024-09-01|1|2")
	f.imports(f.file("6/touchpoints.csv", "touchpoint_id,account_id,kind,happened_at,source,updated_at\nt1,a,call,2024-05-20T10:00:00Z,crm,2024-06-01\n"),
		f.file("6/accounts.csv", "account_id,csm,created_on,source,updated_at\na,lee,2022-01-01,crm,2024-06-01\n"))
	told("a touchpoint that was later, and an account's next owner; contracts of others hang together with its own", `accounts|a|2024-06-01|2024-06-01|1|2
accounts|b|2024-06-01|2024-06-01|0|2
accounts|d|2024-06-01|2024-06-01|0|2
touchpoints|a|2024-05-01|2024-05-20|1|2`)
	f.imports(f.file("7/accounts.csv", "account_id,csm,created_on,is_test,source,updated_at\na,lee,2022-01-01,true,crm,2024-07-01\n"))
	told("an account that turns out to be a test", "accounts|a|1970-01-01|1970-01-01|1|2\naccounts|b|1970-01-01|1970-01-01|0|2\naccounts|d|1970-01-01|1970-01-01|0|2")
	const people = "staff_id,name,email,ends_before,source,updated_at\n"
	f.imports(f.file("8/staff.csv", people+"7,Kim,,,hr,2024-07-01\n8,Moss,,,hr,2024-07-01\n"))
	told("a person whom an account names as its owner, and one whom nothing names", "staff||2024-07-01|2024-07-01|2|2\nstaff|a|1970-01-01|1970-01-01|0|2")
	f.imports(f.file("9/staff.csv", people+"7,Kim,,2024-09-01,hr,2024-08-01\n8,Moss,moss@vendor.example,,hr,2024-08-01\n"))
	told("an address that nothing names, and an owner who leaves, together", "staff||2024-07-01|2024-08-01|2|2\nstaff|a|1970-01-01|1970-01-01|0|2")
	f.imports(f.file("10/staff.csv", people+"7,Kim,,2024-10-01,hr,2024-08-02\n"))
	told("an owner who leaves later", "staff||2024-07-01|2024-08-02|1|2\nstaff|a|2024-09-01|2024-09-01|0|2")
	f.imports(f.file("11/staff.csv", people+"9,kim,,,hr,2024-08-03\n"))
	told("somebody who shares the name", "staff||2024-08-03|2024-08-03|1|2\nstaff|a|1970-01-01|1970-01-01|0|2")
}

// TestTables: only facts can be stored, by the names that they have everywhere: neither what a roll-up or a layer holds, nor by the names of the tables in
// which facts lie.
func TestTables(t *testing.T) {
	f := withViews(t)
	for _, table := range []string{"stored_contracts", "account_days", "usage_account_days", "fact_changes", "kpi_daily"} {
		if _, err := f.Files(t.Context(), table, f.file("x.csv", "account_id\na\n")); err == nil {
			t.Errorf("rows of %s were taken", table)
		}
	}
	w, _ := f.writer(nil)
	for _, table := range []string{"stored_contracts", "account_days"} {
		if _, err := w.Describe(t.Context(), table, ""); err == nil {
			t.Errorf("%s is described as facts", table)
		}
	}
	if d, err := w.Describe(t.Context(), "contracts", ""); err != nil || d.Table != "contracts" {
		t.Errorf("got %+v, %v", d, err)
	}
}
