package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

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

// The format is told from the content, and that values are tuples from the first
// call. Client 1 never hears of its write.
func ExampleReadFrom() {
	const file = `
		{:process 0, :type :invoke, :f :read,  :value ["x" nil]}
		{:process 1, :type :invoke, :f :write, :value ["x" 3]}
		{:process 0, :type :ok,     :f :read,  :value ["x" 3]}
		{:process 1, :type :info,   :f :write, :value ["x" 3], :error :timeout}`
	h, err := history.ReadFrom("history.edn", strings.NewReader(file), history.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range h.Operations {
		fmt.Println(h.Operations[i].Key, h.Operations[i].String())
	}
	_, err = history.ReadFrom("broken.edn", strings.NewReader("\n{:process 0, :type :done}"), history.ReadOptions{})
	fmt.Println(err)
	// Output:
	// x read of 3 by client 0
	// x write 3 by client 1 (unknown)
	// broken.edn:2: expected invoke, ok, fail or info as :type, found :done
}

// A store of Maelstrom: one history for each run, whatever else lies there.
func ExampleFind() {
	paths, err := history.Find("testdata/store")
	if err != nil {
		fmt.Println(err)
	}
	for _, path := range paths {
		fmt.Println(filepath.ToSlash(path))
	}
	// Output:
	// testdata/store/lin-kv/20240229T120000.000+0000/history.edn
	// testdata/store/lin-kv/20240301T090000.000+0000/history.edn.gz
}

// One history in two formats: events for Jepsen's tools, and operations with
// their moments for porcupine's.
func ExampleWriteTo() {
	h := &history.History{Operations: []history.Operation{
		{Client: 0, Kind: history.Write, Arg: history.Int(3), Call: 10, Return: 20},
		{Client: 1, Kind: history.Read, Out: history.Int(3), Call: 20, Return: 30}, // touches, so it is concurrent
	}}
	for _, format := range []history.Format{history.EDN, history.PorcupineJSON} {
		if err := history.WriteTo(os.Stdout, h, format); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// {:process 0, :type :invoke, :f :write, :value 3, :index 0}
	// {:process 1, :type :invoke, :f :read, :value nil, :index 1}
	// {:process 0, :type :ok, :f :write, :value 3, :index 2}
	// {:process 1, :type :ok, :f :read, :value 3, :index 3}
	// {"ClientId":0,"Input":{"op":"write","value":3},"Call":10,"Output":{},"Return":20}
	// {"ClientId":1,"Input":{"op":"read"},"Call":20,"Output":{"value":3},"Return":30}
}
