#include "textflag.h"

// func prefetch(p *uint64)
//
// PREFETCHW (AX), which the assembler has no name for: a hint, that processors without it take
// for no operation.
TEXT ·prefetch(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08
	RET
