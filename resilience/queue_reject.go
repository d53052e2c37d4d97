package resilience

import "context"

// rejections are the errors of one who turns away, made once: a rejection allocates nothing.
type rejections struct {
	full, evicted, waited, shed *Rejection
	canceled, deadline          *Rejection // the context of the caller ended
}

func rejectionsOf(by, name string) rejections {
	because := func(reason error) *Rejection { return &Rejection{By: by, Name: name, Reason: reason} }
	return rejections{
		full: because(ErrFull), evicted: because(ErrFull), waited: because(ErrWaited), shed: because(ErrShed),
		canceled: because(context.Canceled), deadline: because(context.DeadlineExceeded),
	}
}

// ended returns the rejection of one whose context ended with err.
func (q *queue[T]) ended(err error) error {
	switch err {
	case context.Canceled:
		return q.reject.canceled
	case context.DeadlineExceeded:
		return q.reject.deadline
	}
	return &Rejection{By: q.by, Name: q.name, Reason: err}
}
