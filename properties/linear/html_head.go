package linear

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/anishathalye/porcupine"

	"phoenix/properties"
)

// pageStyle lets the picture scroll below the headline and colours what it is about.
const pageStyle = `
html, body { height: 100%; margin: 0; overflow: hidden; }
body { display: flex; flex-direction: column; }
header { padding: 14px 20px 10px; border-bottom: 3px solid #888; max-height: 45vh; overflow: auto; flex: none; }
header.fail { background: #fff1ef; border-color: #d62f1f; }
header.pass { background: #effaf0; border-color: #2d8a3e; }
header.inconclusive { background: #fff9e6; border-color: #c99a06; }
header h1 { font-size: 1rem; margin: 0 0 4px; color: #555; }
header.fail h1 { color: #b3200f; }
header p { margin: 6px 0; }
header p.sentence { font-size: 1.25rem; font-weight: bold; }
header p.note { font-size: .8rem; color: #555; }
header table { border-collapse: collapse; font: .85rem Menlo, "Courier New", monospace; }
header td { padding: 2px 14px 2px 4px; border-left: 12px solid transparent; white-space: nowrap; }
header td + td { border-left: 0; }
header tr { cursor: pointer; }
header tr.core td:first-child { border-color: #ffb000; }
header tr.culprit td:first-child { border-color: #ff5a47; }
header tr.other td:first-child { border-color: #cdb4f0; }
header tr.culprit { font-weight: bold; }
#legend { position: static; flex: none; padding: 8px 20px 0; }
#canvas { flex: 1; min-height: 0; overflow: auto; margin: 0; padding: 0 40px 20px 70px; }
#calc { position: absolute; overflow: hidden; }
#canvas > svg { overflow: visible; }
.row { pointer-events: none; paint-order: stroke; stroke: white; stroke-width: 8; }
.history-rect.aside { fill: #e3eef2; stroke: #b8c4c9; }
.history-text.aside { fill: #667; }
.history-rect.core { fill: #ffb000; stroke: #7a5400; stroke-width: 2; }
.history-rect.culprit { fill: #ff5a47; stroke: #8a1408; stroke-width: 4; }
.history-rect.other { fill: #e6d9f8; stroke: #6b3fa8; stroke-dasharray: 5 3; }
`

// pageScript names the rows, marks the operations and scrolls to the culprit.
const pageScript = `
const canvas = document.querySelector('#canvas')
const picture = canvas.querySelector('svg')
const rows = [...picture.querySelectorAll('g:first-child > text')].filter((row) => row.parentNode.parentNode === picture)
for (const [i, row] of rows.entries()) {
  if (i < page.Rows.length) row.textContent = page.Rows[i]
  row.classList.add('row')
  picture.append(row)
}
canvas.addEventListener('scroll', () => {
  for (const row of rows) row.setAttribute('transform', 'translate(' + canvas.scrollLeft + ')')
})
const rects = document.querySelectorAll('.history-rect')
for (const [i, mark] of page.Marks.entries()) {
  if (mark === '') continue
  rects[i].classList.add(mark)
  rects[i].nextElementSibling.classList.add(mark)
}
const show = (i) => rects[i].scrollIntoView({inline: 'center', block: 'center'})
for (const row of document.querySelectorAll('header tr')) row.addEventListener('click', () => show(row.dataset.index))
if (page.Culprit >= 0) show(page.Culprit)
`

// pageMarks is what pageScript reads. Marks are in the order of the operations
// in the data; Culprit is a position in it, or -1.
type pageMarks struct {
	Rows    []string
	Marks   []mark
	Culprit int
}

// render returns the page: porcupine's, with our data, headline, style and script.
func (p *page) render(keys int) string {
	var template strings.Builder
	model := porcupine.Model{Step: func(state, _, _ any) (bool, any) { return true, state }}
	if err := porcupine.Visualize(model, porcupine.LinearizationInfo{}, &template); err != nil {
		panic("linear: an empty page: " + err.Error())
	}
	data, l := p.data()
	marks := pageMarks{Rows: l.rows, Marks: l.marks, Culprit: -1}
	for i, m := range l.marks {
		if m == culprit {
			marks.Culprit = i
		}
	}
	text := replaced(template.String(), `{"Partitions":[],"Annotations":[]}`, encode(data))
	text = replaced(text, "<title>Porcupine</title>", "<title>"+p.title()+"</title>")
	text = replaced(text, "</head>", "<style>"+pageStyle+"</style></head>")
	text = replaced(text, "<body>", "<body>\n"+p.header(keys))
	if len(l.marks) == 0 && len(data.Annotations) == 0 {
		return replaced(text, "render(data)\n", "\n") // it cannot draw nothing
	}
	return replaced(text, "</body>", "<script>\nconst page = "+encode(marks)+pageScript+"</script></body>")
}

// replaced replaces the last old in text by new.
func replaced(text, old, new string) string {
	at := strings.LastIndex(text, old)
	if at < 0 {
		panic("linear: porcupine's page has no " + old)
	}
	return text[:at] + new + text[at+len(old):]
}

func (p *page) title() string {
	switch p.res.Verdict {
	case properties.Pass:
		return "Linearizable"
	case properties.Fail:
		return "Not linearizable"
	}
	return "Inconclusive"
}

// header is the headline, as HTML.
func (p *page) header(keys int) string {
	const most = 600 // characters of a sentence
	sentence := p.res.Explanation
	if c := p.res.Contradiction; c != nil && c.Sentence != "" {
		sentence = c.Sentence
	}
	switch {
	case p.res.Verdict == properties.Inconclusive:
		sentence = p.res.Reason
	case p.res.Verdict == properties.Pass:
		sentence = "One order of the operations explains every answer."
	}
	if runes := []rune(sentence); len(runes) > most {
		sentence = string(runes[:most-1]) + "…"
	}
	title := p.title()
	if p.res.Verdict != properties.Pass && p.res.Key != "" {
		title += ": key " + cutName(p.res.Key)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<header class=\"%s\">\n<h1>%s</h1>\n<p class=\"sentence\">%s</p>\n",
		p.res.Verdict, html.EscapeString(title), html.EscapeString(sentence))
	if p.res.Contradiction != nil {
		p.table(&b)
	}
	fmt.Fprintf(&b, "<p class=\"note\">%s</p>\n</header>\n", html.EscapeString(p.note(keys)))
	return b.String()
}

// table lists the operations of the contradiction that are shown.
func (p *page) table(w io.Writer) {
	fmt.Fprintln(w, "<table>")
	for i, op := range p.parts[0].ops {
		note, end := "", fmt.Sprint(op.Return)
		switch op.mark {
		case culprit:
			note = "after this no order is left"
		case other:
			note, end = "may have happened at any time after its call", ""
		}
		fmt.Fprintf(w, `<tr class="%s" data-index="%d"><td>%d</td>`+
			"<td>client %d</td><td>%s</td><td>%d..%s</td><td>%s</td></tr>\n",
			op.mark, i, i+1, op.Client, html.EscapeString(what(op.Operation)), op.Call, end, note)
	}
	fmt.Fprintln(w, "</table>")
}

// note says what is shown and what is left out.
func (p *page) note(keys int) string {
	count := 0
	for _, part := range p.parts {
		count += len(part.ops)
	}
	of := min(keys, pageKeys)
	if p.res.Verdict == properties.Fail {
		of = 1
	}
	text := fmt.Sprintf("The page shows all %s of %s", counted(count, "operation"), counted(of, "key"))
	if p.left > 0 {
		text = fmt.Sprintf("The page shows %d of the %d operations of %s", count, count+p.left, counted(of, "key"))
	}
	if more := keys - of; more > 0 {
		text += fmt.Sprintf(" and leaves out %s", counted(more, "other key"))
	}
	text += "."
	if c := p.res.Contradiction; c != nil {
		if more := len(c.Operations) + len(c.Others) - len(p.parts[0].ops); more > 0 {
			text += fmt.Sprintf(" It leaves out %s of the contradiction.", counted(more, "operation"))
		}
		text += " The lines try to put the operations of the contradiction in order; those in pale blue are not part of it."
	}
	return text
}
