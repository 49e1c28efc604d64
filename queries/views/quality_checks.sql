-- The checks of the data's quality: what each one looks for, and what to do about it.
--
-- Columns:
--   check  key  Name of the check.
--   finds  fact What it looks for.
--   remedy fact What to do.

select check, finds, remedy
from values('check String, finds String, remedy String',
    ('negative_acv', 'a contract with an annual value below 0', 'Correct the value. Where a contract gets smaller, a successor with renewed_from, or a row with valid_from, has the new total and not the difference.'),
    ('ends_before_start', 'a contract that ends before its first day, or on it', 'Correct starts_on or ends_before. ends_before is the first day that is no longer covered.'),
    ('notice_after_end', 'a contract whose notice is dated after its end', 'Correct notice_on or ends_before.'),
    ('inclusive_end', 'a paid contract whose ends_before seems to be its last day: the contract that follows begins a day later, or it is a day short of whole years', 'ends_before is the first day that is no longer covered. Import the contracts again with a day added to it; a mapping can do so.'),
    ('order_without_value', 'a contract of value 0, or terms of value 0, in place of a paid contract that still runs', 'Import the new total, not the change. If the customer pays nothing from then on, end the paid contract: ends_before, cancel_reason.'),
    ('difference_as_total', 'a contract that replaces a running one and looks like the difference to it: negative, an upsell, cross-sell or extension that makes it smaller, or less than half of it more than 90 days before its end', 'Import the new total, not the change: the old value and the difference. If the contract did get that much smaller, give the old one a cancel_reason, or name the row in quality_exceptions.'),
    ('missing_rate', 'a contract in a currency without an exchange rate in the fiscal year', 'Import the rate (table fx_rates), or correct the currency.'),
    ('unknown_predecessor', 'a renewed_from that names no contract of the same source', 'Import the predecessor, or correct renewed_from.'),
    ('renewal_before_predecessor', 'a contract that begins before the one that it replaces, or with it', 'Correct starts_on or renewed_from.'),
    ('renewal_of_other_account', 'a contract that replaces one of another account', 'Correct account_id or renewed_from. Where accounts were merged, import the predecessor with the new account.'),
    ('overlapping_contracts', 'two contracts for the same account, product and department at the same time', 'If the later one renews the earlier one, name that in renewed_from. If both are paid for, give them different products or departments.'),
    ('orphan_contracts', 'a contract of an account that is not in accounts', 'Import the account, or correct account_id.'),
    ('orphan_touchpoints', 'a touchpoint of an account that is not in accounts', 'Import the account, or correct account_id.'),
    ('orphan_value_reviews', 'a value review of an account that is not in accounts', 'Import the account, or correct account_id.'),
    ('orphan_opportunities', 'an opportunity of an account that is not in accounts', 'Import the account, or correct account_id.'),
    ('orphan_usage', 'an account with usage that is not in accounts', 'Import the account, or send the events with the id that the account has here.'),
    ('unknown_parent', 'an account whose parent is not in accounts', 'Import the parent, or correct parent_account_id.'),
    ('own_parent', 'an account that is its own parent', 'Leave parent_account_id empty, or name the parent.'),
    ('same_name', 'accounts of the same name that have no parent in common', 'Decide which record stays, and import contracts, usage and touches under its id. If both are customers, name the parent, or name the rows in quality_exceptions.'),
    ('same_domain', 'accounts of the same domain (attribute domain or website) that have no parent in common', 'As same_name.'),
    ('usage_without_contract', 'an account with usage in 28 days and no contract in that time, not even a trial or a free one', 'Import its contract (acv 0 if it is free, is_trial if it is a trial), or correct the account of its users. If free accounts have no contracts with you, name the check in quality_exceptions.'),
    ('contract_without_usage', 'an account that has paid for longer than onboarding may take and was never seen in usage, although usage of others comes', 'Compare the account ids of the product and of the contracts, and send usage under the id of the contract. If the product of the account sends no events, name the row in quality_exceptions.'),
    ('owner_left', 'an account that pays and whose owner has left (ends_before in the table staff)', 'Give the account another owner: csm in the table accounts. Until then it counts under (none).'),
    ('owner_unknown', 'an account that pays and whose owner is not in the table staff, though others are, or has a name that several people there have', 'Import the person into staff, add the spelling to also_known_as, or name the owner by id or e-mail address.'),
    ('action_item_owner_left', 'an open action item of someone who has left', 'Give it to somebody else, or close it.'),
    ('arr_jump', 'a day of the last 28 on which the ARR of the company changed by a third or more (setting arr_jump_ratio), if it has at least five accounts, or two changed, or it doubled', 'Look at the accounts that the reason names: an amount in another unit (cents, months), a currency, an end that many contracts share. If it is so, name the row in quality_exceptions.'),
    ('severity_out_of_scale', 'a risk whose severity is not 1 to 3', 'Correct the severity.'),
    ('score_out_of_scale', 'a survey answer outside of its scale', 'Correct the score or the kind.'),
    ('resolved_before_opened', 'a ticket that was answered or resolved before it was opened', 'Correct the times; they may be in different time zones.'),
    ('rate_not_positive', 'an exchange rate of 0 or less', 'Correct the rate: the reporting currency for one unit of the currency.'),
    ('override_never_holds', 'a health band set by hand that ends before it begins', 'Correct starts_on or ends_before.'),
    ('override_without_reason', 'a health band set by hand without a reason', 'Give the reason; without one it does not hold.'),
    ('conflicting_events', 'a usage event whose id came before with another payload', 'Give each event an id of its own; the one stored first counts.'),
    ('future_events', 'a usage event dated more than a day after it was stored', 'Correct the clock or the time zone of the sender.'),
    ('future_touchpoints', 'a touchpoint dated more than a day after it was stored', 'Correct the date; plans are no touchpoints.'),
    ('ids_in_event_names', '50 or more names of usage events that differ by nothing but tokens with digits', 'Give the event one name, and put the id into a property.'),
    ('many_event_names', 'a day with more names of usage events than are kept apart', 'Send fewer names, or raise the setting event_names.'),
    ('core_event_missing', 'a core event that no customer has sent for 28 days, while they sent others', 'If the event was renamed, add the new name to the setting core_events, or send the old one. If the setting is misspelt, correct it.'),
    ('source_silent', 'a table and source with no fact for a week, though it had facts on at least 8 of the 28 days before and was never silent for half as long', 'See whether the source, its export and its import still run; import what is missing. If the source is retired, it is named for a quarter of a year, or until quality_exceptions names it.'),
    ('unattributed_events', 'usage events that have waited for the account of their user for 7 days or more; they count nowhere', 'Send identify or group for these users, or import user_accounts: select user_id, count() from unattributed_events group by user_id. Do not send events of visitors who are nobodys users.'))
