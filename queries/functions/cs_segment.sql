-- Touch model of an account with this ARR: high, low or tech.
(arr, high_arr, low_arr) -> multiIf(arr >= high_arr, 'high', arr >= low_arr, 'low', 'tech')
