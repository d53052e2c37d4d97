package history_test

import (
	"fmt"
	"os"

	"phoenix/properties/history"
)

// A simulator records as it runs.
func Example() {
	var rec history.Recorder
	events := []history.Event{
		{Process: 0, Kind: history.Write, Key: "x", Value: history.Int(3), Time: 1000},
		{Process: 1, Kind: history.Read, Key: "x", Time: 2000},
		{Type: history.OKEvent, Process: 1, Kind: history.Read, Key: "x", Value: history.Int(3), Time: 5000},
		{Type: history.InfoEvent, Process: 0, Kind: history.Write, Key: "x", Time: 9000},
	}
	for _, e := range events {
		if err := rec.Add(e); err != nil {
			fmt.Println(err)
		}
	}
	if err := history.WriteJSONL(os.Stdout, rec.History()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"type":"invoke","process":0,"f":"write","key":"x","value":3,"time":1000}
	// {"type":"invoke","process":1,"f":"read","key":"x","time":2000}
	// {"type":"ok","process":1,"f":"read","key":"x","value":3,"time":5000}
}
