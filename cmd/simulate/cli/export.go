package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"phoenix/properties/history"
)

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Convert what was recorded into other formats",
		Long: `Convert what was recorded into the formats of other tools, so that they can judge
or show it too.`,
		Example: `  simulate export history runs/latest --to edn`,
		Args:    noCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.exportHistoryCommand())
	return cmd
}

func (a *app) exportHistoryCommand() *cobra.Command {
	var from, to, output string
	cmd := &cobra.Command{
		Use:   "history FILE|FOLDER",
		Short: "Convert a history into another format",
		Long: `Convert a history into another format.

Reads what check reads: a file, a folder with one history, or - for standard
input. Writes to standard output, or to the file of --output, compressed if its
name ends in .gz or .zst. What the other format cannot say is an error that names
the operation.`,
		Example: `  simulate export history runs/latest --to edn > history.edn
  simulate export history jepsen.log --to jsonl --output history.jsonl.zst`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.exportHistory(cmd.Context(), args[0], from, to, output)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&from, "from", "auto", fmt.Sprintf("format of the file: auto, %s", formats(", ")))
	fl.StringVar(&to, "to", string(history.JSONL), "format to write: "+formats(", "))
	fl.StringVarP(&output, "output", "o", "", "the file to write (default standard output)")
	completes(cmd, "from", strings.Split("auto "+formats(" "), " ")...)
	completes(cmd, "to", strings.Split(formats(" "), " ")...)
	return cmd
}

// exportHistory converts the history at path, and writes nothing if it cannot be
// read.
func (a *app) exportHistory(ctx context.Context, path, from, to, output string) error {
	var read history.ReadOptions
	var err error
	if read.Format, err = readFormat("from", from); err != nil {
		return err
	}
	target, err := readFormat("to", to)
	if err != nil || target == history.Auto {
		return usagef("--to: no format %q, expected one of %s", to, formats(", "))
	}
	if err := checkFile("output", output); err != nil {
		return err
	}
	files := found([]string{path})
	switch {
	case files[0].err != nil:
		return badInput(files[0].err)
	case len(files) > 1:
		return usagef("%s holds %d histories, the first of them %s: choose one", path, len(files), files[0].path)
	}
	h, err := a.readHistory(ctx, files[0].path, read)
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case err != nil:
		return badInput(err)
	}
	if output == "" {
		err = history.WriteTo(a.out, h, target)
	} else {
		err = writeFile(output, func(w io.Writer) error { return writeCompressed(w, output, h, target) })
	}
	if err != nil && a.out.failed == nil {
		return badInput(fmt.Errorf("%s", unprefixed(err)))
	}
	return nil
}

// writeCompressed writes h as the ending of the name says.
func writeCompressed(w io.Writer, name string, h *history.History, f history.Format) error {
	var out io.WriteCloser = nopCloser{w}
	switch {
	case strings.HasSuffix(name, ".gz"):
		out = gzip.NewWriter(w)
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewWriter(w)
		if err != nil {
			return err
		}
		out = z
	}
	if err := history.WriteTo(out, h, f); err != nil {
		return err
	}
	return out.Close()
}

// nopCloser is a writer that need not be closed.
type nopCloser struct{ io.Writer }

// Close does nothing.
func (nopCloser) Close() error { return nil }
