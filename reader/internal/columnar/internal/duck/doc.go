// Package duck turns the values of Parquet columns into the text that DuckDB prints when it casts them to VARCHAR.
//
// Times that are adjusted to UTC are shown in UTC. The tests compare the texts with those of DuckDB itself.
package duck
