package linear
import ("testing";"fmt";"time";"context";"path/filepath")
func TestScratch2(t *testing.T) {
	dir := filepath.Join(porcupineDir(t), "test_data")
	h, _ := ReadFile(filepath.Join(dir,"kv","c50-bad.txt"), ReadOptions{Keyed:true})
	opt := Options{Model: KV}
	keys, _ := split(h,&opt)
	for _, k := range keys {
		t0 := time.Now()
		s := newSearch(context.Background(), &opt)
		v := s.judge(k.ops)
		fmt.Println(k.key, len(k.ops), v, DefaultSteps-s.steps, time.Since(t0))
		if v == 2 {
			done := returned(k.ops)
			for i := 1; i < len(done); i = i*2 {
			s = newSearch(context.Background(), &opt)
			s.steps = 3e6
			t0 = time.Now()
			v := s.judge(cut(k.ops, done, i).ops)
			fmt.Println("  ", i, v, 3e6-s.steps, time.Since(t0))
			}
		}
	}
}
