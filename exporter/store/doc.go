// Package store is the database: it makes tables and brings them up to date, installs the views, functions and tables of query files, keeps the
// replicas of a cluster alike, rolls usage events up to days, and lets those who change what is stored take turns.
package store
