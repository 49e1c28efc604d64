-- Who may do what, for a ClickHouse server whose users are made with SQL. Run it as an administrator, after the first line of
-- each user has its own password. deploy/clickhouse/users.d/cskpi.xml says the same for a server whose users are in files.
--
--   user          may                                                        is held to
--   cskpi         everything in the database cs and in its scratch           nothing: what a query may take is
--                 databases; make functions; see what else it must know      said by CSKPI_TIMEOUT
--   cskpi_analyst read cs, with any query, and tune it within limits         a minute (ten if asked for), 4 GB, 500 million
--                                                                            rows read, 1 million returned; 2,000 queries an hour
--   cskpi_grafana read cs, for boards                                        30 seconds (120 if asked for, as its driver does),
--                                                                            2 GB, 100 million rows read, 100,000 returned;
--                                                                            20,000 queries an hour
--
-- Nobody but cskpi writes. Readers see facts, those on users among them, since views run with the rights of who asks;
-- with CSKPI_USER_ID_KEY these are pseudonyms. A server with access_control_improvements has
-- select_from_system_db_requires_grant; the tables of system that are granted here are then needed, elsewhere they do no harm.

create role if not exists cskpi_service;
create role if not exists cskpi_reader;

-- The service installs and computes. Imports and erasures put what is not finished into databases of their own,
-- and a backup the snapshot that it reads.
grant create database, show, select, insert, create table, create view, drop table, drop view, alter table, truncate, optimize on cs.* to cskpi_service;
grant create database, drop database, show, select, insert, create table, drop table, truncate on cskpi_import_*.* to cskpi_service;
grant create database, drop database, show, select, insert, create table, alter table, drop table, truncate on cskpi_backup_*.* to cskpi_service;
grant create function, drop function, create temporary table on *.* to cskpi_service;
grant select on system.columns to cskpi_service;
grant select on system.databases to cskpi_service;
grant select on system.detached_parts to cskpi_service;
grant select on system.disks to cskpi_service;
grant select on system.mutations to cskpi_service;
grant select on system.one to cskpi_service;
grant select on system.parts to cskpi_service;
grant select on system.processes to cskpi_service;
grant select on system.tables to cskpi_service;

-- On a cluster (CSKPI_CLICKHOUSE_CLUSTER).
grant cluster on *.* to cskpi_service;
grant remote on *.* to cskpi_service;
grant system sync replica on cs.* to cskpi_service;
grant select on system.clusters to cskpi_service;
grant select on system.macros to cskpi_service;
grant select on system.replicas to cskpi_service;
grant select on system.zookeeper to cskpi_service;

grant show, select on cs.* to cskpi_reader;
grant select on system.columns to cskpi_reader;
grant select on system.databases to cskpi_reader;
grant select on system.functions to cskpi_reader;
grant select on system.one to cskpi_reader;
grant select on system.tables to cskpi_reader;

-- readonly = 2: no writing, but settings may be changed, which drivers do by themselves; within the limits.
create settings profile if not exists cskpi_analyst settings
    readonly = 2 readonly,
    max_execution_time = 60 max 600,
    max_memory_usage = 4000000000 max 4000000000,
    max_rows_to_read = 500000000 max 500000000,
    max_result_rows = 1000000 max 1000000,
    result_overflow_mode = 'throw' readonly,
    max_concurrent_queries_for_user = 5 readonly;
create settings profile if not exists cskpi_grafana settings
    readonly = 2 readonly,
    max_execution_time = 30 max 120,
    max_memory_usage = 2000000000 max 2000000000,
    max_rows_to_read = 100000000 max 100000000,
    max_result_rows = 100000 max 100000,
    result_overflow_mode = 'throw' readonly,
    max_concurrent_queries_for_user = 20 readonly;

create user if not exists cskpi identified with sha256_password by 'replace-this-1' default role none;
create user if not exists cskpi_analyst identified with sha256_password by 'replace-this-2' settings profile 'cskpi_analyst';
create user if not exists cskpi_grafana identified with sha256_password by 'replace-this-3' settings profile 'cskpi_grafana';
grant cskpi_service to cskpi;
grant cskpi_reader to cskpi_analyst, cskpi_grafana;
alter user cskpi default role cskpi_service;
alter user cskpi_analyst default role cskpi_reader;
alter user cskpi_grafana default role cskpi_reader;

create quota if not exists cskpi_analyst keyed by user_name
    for interval 1 hour max queries = 2000, result_rows = 50000000, read_rows = 20000000000, execution_time = 3600
    to cskpi_analyst;
create quota if not exists cskpi_grafana keyed by user_name
    for interval 1 hour max queries = 20000, result_rows = 50000000, read_rows = 50000000000, execution_time = 7200
    to cskpi_grafana;
