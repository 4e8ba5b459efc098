package fakeapi

// A profile is a set of values that belong together, as JSON.
type profile struct{ first, last, location, title, company, website, size string }

// profiles are encoded, so that an answer is only put together. They are never changed.
var profiles = [8]profile{
	{
		`"Ada"`, `"Berg"`, `{"country":"United States","state":"California","zip_code":"94107"}`,
		`"Head of Sales","job_level":"Director","department":"Sales"`,
		`"Northwind Traders"`, `"northwind.example"`, `,"employees_category":"500-1,000","revenue_category":"$50M-$100M"`,
	},
	{
		`"Jürgen"`, `"Weiß"`, `{"country":"Germany","state":"Bavaria","zip_code":"80331"}`,
		`"Einkaufsleiter","job_level":"Manager","department":"Purchasing"`,
		`"Müller \u0026 Söhne GmbH"`, `"mueller-soehne.example"`, `,"employees_category":"51-200","revenue_category":"$10M-$50M"`,
	},
	{
		`"Mia"`, `"Rossi"`, `{"country":"Italy","state":"Lombardy","zip_code":"20121"}`,
		`"Chief Technology Officer","job_level":"C-Level","department":"Engineering"`,
		`"Rossi SpA"`, `"rossi.example"`, `,"employees_category":"201-500","revenue_category":"$50M-$100M"`,
	},
	{
		`"Olivia"`, `"Brown"`, `{"country":"United Kingdom","state":"England","zip_code":"EC1A 1BB"}`,
		`"Marketing Manager","job_level":"Manager","department":"Marketing"`,
		`"Adatum"`, `"adatum.example"`, `,"employees_category":"1,001-5,000","revenue_category":"$100M-$500M"`,
	},
	{
		`"Léa"`, `"Moreau"`, `{"country":"France","state":"Île-de-France","zip_code":"75002"}`,
		`"VP, \"Growth\"","job_level":"VP","department":"Marketing"`,
		`"L'Écuyer et Fils"`, `"lecuyer.example"`, `,"employees_category":"11-50","revenue_category":"$1M-$10M"`,
	},
	{
		`"Raj"`, `"Patel"`, `{"country":"India","state":"Karnataka","zip_code":"560001"}`,
		`"Software Engineer","job_level":"Staff","department":"Engineering"`,
		`"Trey Research"`, `"treyresearch.example"`, `,"employees_category":"10,001+","revenue_category":"$1B+"`,
	},
	{
		`"ゆき"`, `"田中"`, `{"country":"Japan","state":"Tokyo","zip_code":"100-0001"}`,
		`"Account Executive","job_level":"Staff","department":"Sales"`,
		`"創作株式会社"`, `"sousaku.example"`, `,"employees_category":"51-200","revenue_category":"$10M-$50M"`,
	},
	{
		`"Sara"`, `"Haddad"`, `{"country":"Canada","state":"Ontario","zip_code":"M5V 2T6"}`,
		`"Chief of Staff","job_level":"Director","department":"Operations"`,
		`"Wide World Importers"`, `"wwi.example"`, `,"employees_category":"5,001-10,000","revenue_category":"$500M-$1B"`,
	},
}
