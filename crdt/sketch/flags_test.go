package sketch_test

import "flag"

var writeGolden = flag.Bool("sketch.golden", false, "write the tables of testdata")
