// Package schema has the SQL that creates the ledger's schema in a PostgreSQL database and brings it from one version to the next.
//
// A released step is never changed, because its result is in people's databases.
package schema

import (
	_ "embed"
)

//go:embed 1.sql
var step1 string

// Steps returns the migrations, the first one first. Each brings a schema from one version to the next.
func Steps() []string { return []string{step1} }

// Version is the version of the schema after all steps.
func Version() int { return len(Steps()) }
