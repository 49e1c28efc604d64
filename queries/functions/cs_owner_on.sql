-- Owner at an instant, out of (since, owner) pairs in order of time: the last since then, else the first that is known.
(owners, at) -> if(empty(owners), '', if(owners[1].1 > at, owners[1].2, arrayLast(o -> o.1 <= at, owners).2))
