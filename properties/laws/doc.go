// Package laws checks replicated data types, those of package crdt and one's own,
// against the laws that they must keep on every state that a history can reach, and
// against a specification of what each read must return. That copies converge says
// little: a set that loses every add converges too.
//
// Only tests may import it: it links rapid, which registers flags.
package laws
