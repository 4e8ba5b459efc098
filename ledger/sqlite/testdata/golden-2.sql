PRAGMA journal_mode = WAL;
PRAGMA application_id = 1701737059;
PRAGMA user_version = 2;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE run(
		id INTEGER PRIMARY KEY,
		started INTEGER NOT NULL,
		first INTEGER NOT NULL,
		url TEXT NOT NULL,
		input TEXT NOT NULL,
		version TEXT NOT NULL,
		constants TEXT NOT NULL,
		closed INTEGER NOT NULL,
		finished INTEGER,
		stopped TEXT,
		exit_code INTEGER,
		checksum INTEGER NOT NULL
	) STRICT;
INSERT INTO run VALUES(1,1795685130857,1,'http://127.0.0.1:9','old.csv','dev','',1,1795685131042,NULL,3,2415999118);
INSERT INTO run VALUES(2,1795685131132,19,'http://127.0.0.1:9','killed.csv','dev','',0,NULL,NULL,NULL,2516190408);
CREATE TABLE asked(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		keys BLOB NOT NULL,
		contacts TEXT NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
INSERT INTO asked VALUES(1,1,X'35a9fb1c02157b9293eaf7e1a391875806b5c6d1f2fbb128291149f5210fd268226a7b743bbc71e647f311278dc1eb34f6c615be869002ce456bc3b0d81a4399','[{"email":"plain+match@x.example"},{"email":"bea+match@x.example","first_name":"Bea"}]',1561537742);
INSERT INTO asked VALUES(2,1,X'89238fd2c82cc9f0afd0dac3cf7c23b43edf5a0f81b337ccdebbd888b232550c','[{"email":"bea+match@x.example‎","first_name":"Bea﻿"}]',936059743);
INSERT INTO asked VALUES(4,1,X'b7a85cadf99780ae224bb588611407e114d046f37e7a6af0ec7e1be047080382','[{"email":"cy+match@x.example","first_name":"-","last_name":"--","company_name":"#N/A","company_domain":"n","linkedin_url":"n/a"}]',1244421381);
INSERT INTO asked VALUES(5,1,X'bb20353a7115003a806594b1538bc5df907bfd0c4622bc698a5ec6f5ccf6055584179dd4800a66e121849afc99a7f409157d1f55787ab52839863abae2c4f7fb','[{"email":"dan+nomatch@x.example.","first_name":"Dan"},{"email":"e​ve+match@x.example"}]',2620159656);
INSERT INTO asked VALUES(6,1,X'155ad63cc28b069ecd39a281e2a5246d4d7a7be8e9461c6614f1e1249bd517a5','[{"email":"⁠fay+match@x.example­"}]',2125594109);
INSERT INTO asked VALUES(8,1,X'dd1e6c969711ec7676378685b5733de3dd1e6c969711ec7676378685b5733de3','[{"first_name":"Gus","last_name":"Ho​","company_name":"Acme‍"}]',2870030908);
INSERT INTO asked VALUES(9,1,X'168db8321f61d36f0b2f05155ffe55c6168db8321f61d36f0b2f05155ffe55c62d3701e5cb5f8c2a19a64fd1a1ca688f2d3701e5cb5f8c2a19a64fd1a1ca688f','[{"first_name":"Gus","last_name":"Ho","company_name":"Acme"},{"first_name":"null","last_name":"NULL","linkedin_url":"https://www.linkedin.com/in/hal​"}]',1121580438);
INSERT INTO asked VALUES(10,1,X'00e29558938888a51dff15d1a0038e1f3fd2251738a99d3ffa578a9788b2491b','[{"email":"ida+match@x.example","first_name":"Ida","last_name":"Ng","company_name":"Unknown","company_domain":"x.example​","linkedin_url":"none"}]',813396380);
INSERT INTO asked VALUES(12,1,X'e60dfc886398233909ad8d5215f5f60ba9814c55d8106139004dc372d1fc9748','[{"email":"jo+400@x.example","first_name":"Jo","last_name":"-"}]',1521762594);
INSERT INTO asked VALUES(13,1,X'cc9ebcb3c1d054f69ce57dc6c86637ee0d9963c6d95dae573267a060704f518f674db77f3bde188c62e14b6094fd08528e61a4aa643afe224bace5edf4f9cea7','[{"email":"kim+garbage@x.example​","first_name":"Kim","last_name":"."},{"email":"lea+match@x.example﻿","first_name":"Lea","last_name":"Null","company_domain":"null"}]',965881061);
INSERT INTO asked VALUES(14,1,X'90e29be6477f71e37da4e28bd09003d31a11d0668858b915ce8f97ab74fc47aa','[{"email":"mia+nomatch@x.example","first_name":"Mia","company_name":"(blank)","company_domain":"N"}]',2199880013);
INSERT INTO asked VALUES(16,1,X'd5c51bc95da1f438ddded15f78059e1ff76e8243025e8976771abeddbbfebe4acc937f49c4743a713d50a84a2b54a19868de138af8b55ab3ed3921068503d6ee','[{"email":"ned+match@x.example","first_name":"Ned","last_name":"Na","company_name":"?","company_domain":"-","linkedin_url":"?"},{"email":"jörg​@müller.example","first_name":"Jörg᠎","last_name":"Müllerㅤ","company_domain":"müller.example"}]',2823936115);
INSERT INTO asked VALUES(19,2,X'864edaebcca16c7840eba460ec7da3501575435d17e2126c7d28b806787dcf88fbefb3c42bb816b893f882b6f96af24020212402e3d57bf79443af3a3b006f33eaf778a6c8581fb498ad78ccc70a69cb0c847e57a591acd2a3834b656cd38badbe4d347c615addd5b4b85984c1ca308fbb78f454d1398c3ec722b27b77c89a5c438f4c8ad13f60e5f73ebb0bfd6b289146508818d0c1136789915ac4e5473d56fb8398eb2e3f648862cdddd9a97036c50b3eb7f0420a8f94417b3656a603ebb8','[{"email":"open0+hang@x.example","first_name":"-"},{"email":"open1+hang@x.example​","first_name":"Oz"},{"email":"open2+hang@x.example","first_name":"Oz"},{"email":"open3+hang@x.example​","first_name":"-"},{"email":"open4+hang@x.example","first_name":"Oz"},{"email":"open5+hang@x.example​","first_name":"Oz"}]',160008514);
CREATE TABLE ended(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		first INTEGER NOT NULL,
		commits INTEGER NOT NULL,
		asked INTEGER NOT NULL,
		keys BLOB NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
INSERT INTO ended VALUES(2,1,1,1,1,X'35a9fb1c02157b9293eaf7e1a391875806b5c6d1f2fbb128291149f5210fd2680001a2172ca30901',2413404184);
INSERT INTO ended VALUES(3,1,2,1,0,X'226a7b743bbc71e647f311278dc1eb34f6c615be869002ce456bc3b0d81a43990001a2172ca30a01',1014157352);
INSERT INTO ended VALUES(4,1,3,1,1,X'89238fd2c82cc9f0afd0dac3cf7c23b43edf5a0f81b337ccdebbd888b232550c0001a2172ca30c01',1734364845);
INSERT INTO ended VALUES(5,1,4,1,1,X'b7a85cadf99780ae224bb588611407e114d046f37e7a6af0ec7e1be0470803820001a2172ca31101',717750714);
INSERT INTO ended VALUES(6,1,5,1,1,X'bb20353a7115003a806594b1538bc5df907bfd0c4622bc698a5ec6f5ccf605550001a2172ca31402',1383742273);
INSERT INTO ended VALUES(7,1,6,1,0,X'84179dd4800a66e121849afc99a7f409157d1f55787ab52839863abae2c4f7fb0001a2172ca31501',68854281);
INSERT INTO ended VALUES(8,1,7,1,1,X'155ad63cc28b069ecd39a281e2a5246d4d7a7be8e9461c6614f1e1249bd517a50001a2172ca31501',2362402996);
INSERT INTO ended VALUES(9,1,8,1,1,X'dd1e6c969711ec7676378685b5733de3dd1e6c969711ec7676378685b5733de30001a2172ca31701',1986836124);
INSERT INTO ended VALUES(10,1,9,1,1,X'168db8321f61d36f0b2f05155ffe55c6168db8321f61d36f0b2f05155ffe55c60001a2172ca31801',2589727333);
INSERT INTO ended VALUES(11,1,10,1,0,X'2d3701e5cb5f8c2a19a64fd1a1ca688f2d3701e5cb5f8c2a19a64fd1a1ca688f0001a2172ca31901',1228921338);
INSERT INTO ended VALUES(12,1,11,1,1,X'00e29558938888a51dff15d1a0038e1f3fd2251738a99d3ffa578a9788b2491b0001a2172ca31a01',360178768);
INSERT INTO ended VALUES(13,1,12,1,1,X'e60dfc886398233909ad8d5215f5f60ba9814c55d8106139004dc372d1fc97480001a2172ca31b03',3490151359);
INSERT INTO ended VALUES(14,1,13,1,1,X'cc9ebcb3c1d054f69ce57dc6c86637ee0d9963c6d95dae573267a060704f518f0001a2172ca31c04',2209421733);
INSERT INTO ended VALUES(15,1,14,1,0,X'674db77f3bde188c62e14b6094fd08528e61a4aa643afe224bace5edf4f9cea70001a2172ca31d01',3909544989);
INSERT INTO ended VALUES(16,1,15,1,1,X'90e29be6477f71e37da4e28bd09003d31a11d0668858b915ce8f97ab74fc47aa0001a2172ca31d02',1301218610);
INSERT INTO ended VALUES(17,1,16,1,0,X'd5c51bc95da1f438ddded15f78059e1ff76e8243025e8976771abeddbbfebe4a0001a2172ca31f01',1949877015);
INSERT INTO ended VALUES(18,1,17,1,0,X'cc937f49c4743a713d50a84a2b54a19868de138af8b55ab3ed3921068503d6ee0001a2172ca31f01',4120326592);
CREATE TABLE outcome(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		kind INTEGER NOT NULL,
		at INTEGER NOT NULL,
		status INTEGER NOT NULL,
		attempts INTEGER NOT NULL,
		charged INTEGER NOT NULL,
		failure TEXT NOT NULL,
		message TEXT NOT NULL,
		contact TEXT NOT NULL,
		body TEXT,
		checksum INTEGER NOT NULL
	) STRICT;
INSERT INTO outcome VALUES(1,1,1,1795685131017,200,1,1,'','','{"email":"plain+match@x.example"}','{"contact":{"credit_charged":true,"first_name":"Jürgen","last_name":"Weiß","email":"plain+match@x.example","office_phone":"+18005550607","mobile_phone":"+14155550119","location":{"country":"Germany","state":"Bavaria","zip_code":"80331"},"title":"Einkaufsleiter","job_level":"Manager","department":"Purchasing","linkedin":"https://www.linkedin.com/in/contact-39366797","company":{"name":"Müller \u0026 Söhne GmbH","description":"Sells what its customers want.","website":"mueller-soehne.example","employees_category":"51-200","revenue_category":"$10M-$50M","location":{"country":"Germany","state":"Bavaria","zip_code":"80331"}}},"remaining_credits":999999999}',488451298);
INSERT INTO outcome VALUES(2,1,1,1795685131018,200,1,1,'','','{"email":"bea+match@x.example","first_name":"Bea"}','{"contact":{"credit_charged":true,"first_name":"Bea","last_name":"Patel","email":"bea+match@x.example","office_phone":"+18005554654","mobile_phone":"+14155552752","location":{"country":"India","state":"Karnataka","zip_code":"560001"},"title":"Software Engineer","job_level":"Staff","department":"Engineering","linkedin":"https://www.linkedin.com/in/contact-75377159","company":{"name":"Trey Research","description":"Sells what its customers want.","website":"treyresearch.example","employees_category":"10,001+","revenue_category":"$1B+","location":{"country":"India","state":"Karnataka","zip_code":"560001"}}},"remaining_credits":999999998}',2295119211);
INSERT INTO outcome VALUES(3,1,1,1795685131020,200,1,1,'','','{"email":"bea+match@x.example‎","first_name":"Bea﻿"}','{"contact":{"credit_charged":true,"first_name":"Bea﻿","last_name":"Patel","email":"bea+match@x.example‎","office_phone":"+18005557393","mobile_phone":"+14155554482","location":{"country":"India","state":"Karnataka","zip_code":"560001"},"title":"Software Engineer","job_level":"Staff","department":"Engineering","linkedin":"https://www.linkedin.com/in/contact-62496931","company":{"name":"Trey Research","description":"Sells what its customers want.","website":"treyresearch.example","employees_category":"10,001+","revenue_category":"$1B+","location":{"country":"India","state":"Karnataka","zip_code":"560001"}}},"remaining_credits":999999997}',1973890718);
INSERT INTO outcome VALUES(4,1,1,1795685131025,200,1,1,'','','{"email":"cy+match@x.example","first_name":"-","last_name":"--","company_name":"#N/A","company_domain":"n","linkedin_url":"n/a"}','{"contact":{"credit_charged":true,"first_name":"-","last_name":"--","email":"cy+match@x.example","office_phone":"+18005550440","mobile_phone":"+14155557853","location":{"country":"Japan","state":"Tokyo","zip_code":"100-0001"},"title":"Account Executive","job_level":"Staff","department":"Sales","linkedin":"n/a","company":{"name":"#N/A","description":"Sells what its customers want.","website":"n","employees_category":"51-200","revenue_category":"$10M-$50M","location":{"country":"Japan","state":"Tokyo","zip_code":"100-0001"}}},"remaining_credits":999999996}',2193195516);
INSERT INTO outcome VALUES(5,1,2,1795685131028,200,1,0,'','No contact was found.','{"email":"dan+nomatch@x.example.","first_name":"Dan"}','{"contact":{"credit_charged":false,"error":"No contact was found."},"remaining_credits":999999996}',1103210896);
INSERT INTO outcome VALUES(6,1,1,1795685131029,200,1,1,'','','{"email":"e​ve+match@x.example"}','{"contact":{"credit_charged":true,"first_name":"Sara","last_name":"Haddad","email":"e​ve+match@x.example","office_phone":"+18005556600","mobile_phone":"+14155555885","location":{"country":"Canada","state":"Ontario","zip_code":"M5V 2T6"},"title":"Chief of Staff","job_level":"Director","department":"Operations","linkedin":"https://www.linkedin.com/in/contact-67268108","company":{"name":"Wide World Importers","description":"Sells what its customers want.","website":"wwi.example","employees_category":"5,001-10,000","revenue_category":"$500M-$1B","location":{"country":"Canada","state":"Ontario","zip_code":"M5V 2T6"}}},"remaining_credits":999999995}',1088508043);
INSERT INTO outcome VALUES(7,1,1,1795685131029,200,1,1,'','','{"email":"⁠fay+match@x.example­"}','{"contact":{"credit_charged":true,"first_name":"Olivia","last_name":"Brown","email":"⁠fay+match@x.example­","office_phone":"+18005556580","mobile_phone":"+14155551783","location":{"country":"United Kingdom","state":"England","zip_code":"EC1A 1BB"},"title":"Marketing Manager","job_level":"Manager","department":"Marketing","linkedin":"https://www.linkedin.com/in/contact-78376530","company":{"name":"Adatum","description":"Sells what its customers want.","website":"adatum.example","employees_category":"1,001-5,000","revenue_category":"$100M-$500M","location":{"country":"United Kingdom","state":"England","zip_code":"EC1A 1BB"}}},"remaining_credits":999999994}',2038834277);
INSERT INTO outcome VALUES(8,1,1,1795685131031,200,1,1,'','','{"first_name":"Gus","last_name":"Ho​","company_name":"Acme‍"}','{"contact":{"credit_charged":true,"first_name":"Gus","last_name":"Ho​","email":"contact.427185@example.com","office_phone":"+18005554324","mobile_phone":"+14155555563","location":{"country":"Japan","state":"Tokyo","zip_code":"100-0001"},"title":"Account Executive","job_level":"Staff","department":"Sales","linkedin":"https://www.linkedin.com/in/contact-91540256","company":{"name":"Acme‍","description":"Sells what its customers want.","website":"sousaku.example","employees_category":"51-200","revenue_category":"$10M-$50M","location":{"country":"Japan","state":"Tokyo","zip_code":"100-0001"}}},"remaining_credits":999999993}',3762014247);
INSERT INTO outcome VALUES(9,1,1,1795685131032,200,1,1,'','','{"first_name":"Gus","last_name":"Ho","company_name":"Acme"}','{"contact":{"credit_charged":true,"first_name":"Gus","last_name":"Ho","email":"contact.050051@example.com","office_phone":"+18005555664","mobile_phone":"+14155556623","location":{"country":"Italy","state":"Lombardy","zip_code":"20121"},"title":"Chief Technology Officer","job_level":"C-Level","department":"Engineering","linkedin":"https://www.linkedin.com/in/contact-33200650","company":{"name":"Acme","description":"Sells what its customers want.","website":"rossi.example","employees_category":"201-500","revenue_category":"$50M-$100M","location":{"country":"Italy","state":"Lombardy","zip_code":"20121"}}},"remaining_credits":999999992}',1443078778);
INSERT INTO outcome VALUES(10,1,1,1795685131033,200,1,1,'','','{"first_name":"null","last_name":"NULL","linkedin_url":"https://www.linkedin.com/in/hal​"}','{"contact":{"credit_charged":true,"first_name":"null","last_name":"NULL","email":"contact.417403@example.com","office_phone":"+18005553505","mobile_phone":"+14155552201","location":{"country":"Italy","state":"Lombardy","zip_code":"20121"},"title":"Chief Technology Officer","job_level":"C-Level","department":"Engineering","linkedin":"https://www.linkedin.com/in/hal​","company":{"name":"Rossi SpA","description":"Sells what its customers want.","website":"rossi.example","employees_category":"201-500","revenue_category":"$50M-$100M","location":{"country":"Italy","state":"Lombardy","zip_code":"20121"}}},"remaining_credits":999999991}',2361133623);
INSERT INTO outcome VALUES(11,1,1,1795685131034,200,1,1,'','','{"email":"ida+match@x.example","first_name":"Ida","last_name":"Ng","company_name":"Unknown","company_domain":"x.example​","linkedin_url":"none"}','{"contact":{"credit_charged":true,"first_name":"Ida","last_name":"Ng","email":"ida+match@x.example","office_phone":"+18005551578","mobile_phone":"+14155557232","location":{"country":"United Kingdom","state":"England","zip_code":"EC1A 1BB"},"title":"Marketing Manager","job_level":"Manager","department":"Marketing","linkedin":"none","company":{"name":"Unknown","description":"Sells what its customers want.","website":"x.example​","employees_category":"1,001-5,000","revenue_category":"$100M-$500M","location":{"country":"United Kingdom","state":"England","zip_code":"EC1A 1BB"}}},"remaining_credits":999999990}',1358900013);
INSERT INTO outcome VALUES(12,1,3,1795685131035,400,1,0,'rejected','This was ordered: Bad Request.','{"email":"jo+400@x.example","first_name":"Jo","last_name":"-"}',NULL,623758116);
INSERT INTO outcome VALUES(13,1,4,1795685131036,200,1,0,'malformed','the answer is no JSON object: {"contact": {"credit_charged": true, "first_name": "An ?','{"email":"kim+garbage@x.example​","first_name":"Kim","last_name":"."}',NULL,2396673495);
INSERT INTO outcome VALUES(14,1,1,1795685131037,200,1,1,'','','{"email":"lea+match@x.example﻿","first_name":"Lea","last_name":"Null","company_domain":"null"}','{"contact":{"credit_charged":true,"first_name":"Lea","last_name":"Null","email":"lea+match@x.example﻿","office_phone":"+18005559667","mobile_phone":"+14155556990","location":{"country":"India","state":"Karnataka","zip_code":"560001"},"title":"Software Engineer","job_level":"Staff","department":"Engineering","linkedin":"https://www.linkedin.com/in/contact-75589675","company":{"name":"Trey Research","description":"Sells what its customers want.","website":"null","employees_category":"10,001+","revenue_category":"$1B+","location":{"country":"India","state":"Karnataka","zip_code":"560001"}}},"remaining_credits":999999988}',1308435883);
INSERT INTO outcome VALUES(15,1,2,1795685131037,200,1,0,'','No contact was found.','{"email":"mia+nomatch@x.example","first_name":"Mia","company_name":"(blank)","company_domain":"N"}','{"contact":{"credit_charged":false,"error":"No contact was found."},"remaining_credits":999999988}',3888576315);
INSERT INTO outcome VALUES(16,1,1,1795685131039,200,1,1,'','','{"email":"ned+match@x.example","first_name":"Ned","last_name":"Na","company_name":"?","company_domain":"-","linkedin_url":"?"}','{"contact":{"credit_charged":true,"first_name":"Ned","last_name":"Na","email":"ned+match@x.example","office_phone":"+18005554088","mobile_phone":"+14155559742","location":{"country":"Japan","state":"Tokyo","zip_code":"100-0001"},"title":"Account Executive","job_level":"Staff","department":"Sales","linkedin":"?","company":{"name":"?","description":"Sells what its customers want.","website":"-","employees_category":"51-200","revenue_category":"$10M-$50M","location":{"country":"Japan","state":"Tokyo","zip_code":"100-0001"}}},"remaining_credits":999999987}',1631558174);
INSERT INTO outcome VALUES(17,1,1,1795685131039,200,1,1,'','','{"email":"jörg​@müller.example","first_name":"Jörg᠎","last_name":"Müllerㅤ","company_domain":"müller.example"}','{"contact":{"credit_charged":true,"first_name":"Jörg᠎","last_name":"Müllerㅤ","email":"jörg​@müller.example","office_phone":"+18005550038","mobile_phone":"+14155557617","location":{"country":"Canada","state":"Ontario","zip_code":"M5V 2T6"},"title":"Chief of Staff","job_level":"Director","department":"Operations","linkedin":"https://www.linkedin.com/in/contact-21443428","company":{"name":"Wide World Importers","description":"Sells what its customers want.","website":"müller.example","employees_category":"5,001-10,000","revenue_category":"$500M-$1B","location":{"country":"Canada","state":"Ontario","zip_code":"M5V 2T6"}}},"remaining_credits":999999986}',3321681991);
CREATE TABLE pruned(
		id INTEGER PRIMARY KEY,
		at INTEGER NOT NULL,
		commits INTEGER NOT NULL,
		outcomes INTEGER NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
CREATE TABLE erased(
		day INTEGER PRIMARY KEY,
		charged INTEGER NOT NULL,
		lost INTEGER NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
CREATE VIEW answers AS SELECT
		id, run, CASE kind WHEN 1 THEN 'matched' ELSE 'no_match' END AS status,
		strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, charged AS credit_charged, message, contact, body AS answer
		FROM outcome WHERE kind IN (1, 2);
CREATE VIEW failures AS SELECT
		id, run, CASE kind WHEN 3 THEN 'refused' ELSE 'lost' END AS status, failure AS kind,
		strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, nullif(outcome.status, 0) AS http_status, attempts, message, contact
		FROM outcome WHERE kind IN (3, 4);
CREATE VIEW lost AS SELECT
		id, run, strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, nullif(status, 0) AS http_status, attempts, message, contact
		FROM outcome WHERE kind = 4;
CREATE VIEW runs AS SELECT
		id, strftime('%Y-%m-%dT%H:%M:%SZ', started / 1000, 'unixepoch') AS started,
		strftime('%Y-%m-%dT%H:%M:%SZ', finished / 1000, 'unixepoch') AS finished,
		url, input, version, stopped, exit_code,
		(SELECT count(*) FROM outcome WHERE outcome.run = run.id AND kind IN (1, 2)) AS answers
		FROM run;
COMMIT;
