package publish_test

var children map[string]func([]string) error
