package resilience

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// BoundaryConfig says what a Boundary allows. The zero value allows everything and counts it.
type BoundaryConfig struct {
	Name string // begins the name of every part, and so appears in every rejection

	// Bulkhead holds slots for all that runs within the boundary, and the queue for them, in order of
	// priority. Nil: any number may run.
	Bulkhead *BulkheadConfig

	// Quotas are how much of each resource all running operations may hold together. What is not listed
	// is not bounded.
	Quotas map[string]int64

	// Shares are percentages of each quota: operations of a priority are admitted while the use by all,
	// with theirs, is within its share, so what is above stays for higher priorities (trunk
	// reservation, as telephone exchanges do it). A priority that is not listed has the share of
	// the next lower one that is, or of the lowest. Nil: all of the quota for all. ReservedShares is a preset.
	Shares map[Priority]int

	// Types are the parts for one type of operation each. All types that are not listed share those of
	// Default. "" is no type, but that of operations that name none.
	Types   map[string]OperationConfig
	Default OperationConfig

	// Retry, unless nil, has Do try again. Each attempt is a call of its own for all parts; give
	// it a Budget.
	Retry *RetryConfig
}

// OperationConfig says what guards the operations of one type. Nil leaves a part out. Names of parts are
// set by the boundary: its own, a slash, the type.
type OperationConfig struct {
	Rate    *LimiterConfig // with a MaxWait its traffic is shaped, without it is policed
	Breaker *BreakerConfig // its Timeout bounds the operation
}

// ReservedShares is a preset: half of each quota for whom nobody waits, all of it for what must work in an
// emergency.
func ReservedShares() map[Priority]int {
	return map[Priority]int{Background: 50, Low: 70, Normal: 85, High: 95, Critical: 100}
}

// mostQuota leaves room to compute percentages.
const mostQuota = math.MaxInt64 / 100

// NewBoundary panics for a config whose numbers make no sense, its own or that of a part.
func NewBoundary(clock Clock, cfg BoundaryConfig) *Boundary {
	if clock == nil {
		panic("resilience: NewBoundary needs a Clock")
	}
	if _, ok := cfg.Types[""]; ok {
		panic(fmt.Sprintf("resilience: BoundaryConfig %s: Types[\"\"] is no type: set Default, "+
			"which operations without a type share", cfg.Name))
	}
	b := &Boundary{
		clock: clock, name: cfg.Name, shares: shareTable(cfg),
		quotas: make(map[string]*quota, len(cfg.Quotas)), kinds: make(map[string]*kind, len(cfg.Types)),
	}
	for _, resource := range slices.Sorted(maps.Keys(cfg.Quotas)) {
		most := cfg.Quotas[resource]
		if most < 0 || most > mostQuota {
			panic(fmt.Sprintf("resilience: BoundaryConfig %s: Quotas[%q] must be 0 to %d, not %d",
				cfg.Name, resource, int64(mostQuota), most))
		}
		b.quotas[resource] = &quota{most: most, rejected: &Rejection{
			By: "boundary", Name: part(cfg.Name, resource), Reason: ErrQuota}}
	}
	if cfg.Bulkhead != nil {
		c := *cfg.Bulkhead
		c.Name = part(cfg.Name, "slots")
		b.bulkhead = NewBulkhead(clock, c)
		b.full = &Rejection{By: "bulkhead", Name: c.Name, Reason: ErrFull}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Types)) {
		b.kinds[name] = newKind(clock, part(cfg.Name, name), cfg.Types[name])
	}
	b.other = newKind(clock, part(cfg.Name, "default"), cfg.Default)
	if cfg.Retry != nil {
		b.retry = NewRetry(clock, *cfg.Retry)
	}
	return b
}

func newKind(clock Clock, name string, cfg OperationConfig) *kind {
	k := &kind{}
	if cfg.Rate != nil {
		c := *cfg.Rate
		c.Name = name
		k.limiter = NewLimiter(clock, c)
	}
	if cfg.Breaker != nil {
		c := *cfg.Breaker
		c.Name = name
		k.breaker = NewBreaker(clock, c)
	}
	return k
}

func part(boundary, name string) string {
	if boundary == "" {
		return name
	}
	return boundary + "/" + name
}

// shareTable returns the share of each priority, from the lowest up.
func shareTable(cfg BoundaryConfig) (table [256]uint8) {
	listed := slices.Sorted(maps.Keys(cfg.Shares))
	share := 100
	if len(listed) > 0 {
		share = cfg.Shares[listed[0]]
	}
	for i := range table {
		p := Priority(i + math.MinInt8)
		next, ok := cfg.Shares[p]
		if !ok {
			table[i] = uint8(share)
			continue
		}
		if next < 0 || next > 100 || next < share {
			panic(fmt.Sprintf("resilience: BoundaryConfig %s: Shares[%d] must be a percentage and not below that of "+
				"a lower priority, not %d", cfg.Name, p, next))
		}
		share = next
		table[i] = uint8(share)
	}
	return table
}
