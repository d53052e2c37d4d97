package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// invocation is how a command line begins that calls this program again.
func invocation() string {
	if info, ok := debug.ReadBuildInfo(); ok && ofGoRun.MatchString(filepath.ToSlash(os.Args[0])) {
		return goRun(info.Path, info.Main.Path)
	}
	return quoted(os.Args[0])
}

// ofGoRun matches the paths at which go run leaves programs: in a folder it is
// about to remove, or in the cache of builds, below a hash.
var ofGoRun = regexp.MustCompile(`(^|/)go-build[0-9]*/|/[0-9a-f]{64}-d/[^/]+$`)

// goRun is the go run that builds a package again, in the root of its module.
func goRun(pkg, module string) string {
	below, ok := strings.CutPrefix(pkg, module+"/")
	switch {
	case pkg == module, module == "": // files that were listed are of no package
		return "go run ."
	case ok:
		return "go run ./" + below
	}
	return "go run " + pkg // of a module that this one needs
}
