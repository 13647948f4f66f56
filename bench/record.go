package bench

import "paperlab/reports"

// Record is to be written.
func (b Sharding) Record(cases []ShardingCase) reports.Bench { return reports.Bench{Name: "sharding"} }
