-- What a company of {accounts} accounts has once.

insert into stored_accounts (account_id, name, industry, geo, csm, created_on, source, updated_at) select concat('a', leftPad(toString(number),5,'0')), concat('Account ', toString(number)), ['software','retail','health','finance'][1+number%4], ['emea','amer','apac'][1+number%3], concat('csm', toString(number%50)), toDate('2022-06-01')+number%900, 'crm', toDateTime64('2022-06-01 00:00:00',3,'UTC') from numbers({accounts:UInt32});

insert into stored_accounts (account_id, name, industry, geo, csm, created_on, source, updated_at) select concat('a', leftPad(toString(number),5,'0')), concat('Account ', toString(number)), ['software','retail','health','finance'][1+number%4], ['emea','amer','apac'][1+number%3], concat('csm', toString((number+7)%50)), toDate('2022-06-01')+number%900, 'crm', toDateTime64('2024-06-01 00:00:00',3,'UTC')+number*600 from numbers({accounts:UInt32}) where number%2=0;

insert into stored_contracts (contract_id, account_id, product, department, seats, acv, currency, starts_on, ends_before, renewed_from, cancel_reason, source, updated_at) select concat('c', toString(a), '-', toString(p), '-', toString(y)), concat('a', leftPad(toString(a),5,'0')), concat('p', toString(p)), '', 5+cityHash64(a,p)%50, 1000+cityHash64(a,p,y)%20000+ (a%37=0)*150000, ['USD','USD','EUR','JPY'][1+a%4], toDate('2022-06-01')+a%700+365*y as s, if(y=4,null,s+365), if(y>0 and cityHash64(a,p,'end')%11!=0, concat('c', toString(a), '-', toString(p), '-', toString(y-1)),''), '', 'crm', toDateTime64('2022-06-01 00:00:00',3,'UTC') from (select intDiv(number,10) a, intDiv(number%10,5) p, number%5 y from numbers({accounts:UInt32}*10)) where cityHash64(a,p,'len')%6>y or y<2;

insert into stored_fx_rates (currency, day, rate, source) select c, toDate('2021-12-01')+number*7, r+0.001*(number%13), 'bank' from numbers(260) array join ['EUR','JPY'] as c, [1.08, 0.0067] as r;

insert into stored_settings (name, starts_on, value) values ('segment_high_arr','2022-01-01','100000'),('segment_high_arr','2024-04-01','120000'),('grace_days','2022-01-01','14');

insert into stored_milestones (account_id, milestone, due_on, reached_on, source, updated_at) select concat('a', leftPad(toString(number),5,'0')), 'onboarded', toDate('2022-06-01')+number%700+60, if(number%5=0,null,toDate('2022-06-01')+number%700+40+number%60), 'crm', toDateTime64('2022-06-01 00:00:00',3,'UTC')+ (number%700)*86400 from numbers({accounts:UInt32});

insert into stored_milestones (account_id, milestone, due_on, reached_on, source, updated_at) select concat('a', leftPad(toString(number),5,'0')), 'setup', toDate('2022-06-01')+number%700+30, toDate('2022-06-01')+number%700+20+number%60, 'crm', toDateTime64('2022-06-01 00:00:00',3,'UTC')+ (number%700)*86400 from numbers({accounts:UInt32});
