package state

import "testing"

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"256": 256, ".25 vCPU": 256, "1 vcpu": 1024, "2vCPU": 2048, " 512 ": 512} {
		if got, ok := ParseCPU(text); !ok || got != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
	if got, ok := ParseMemory("0.5 GB"); !ok || got != 512 {
		t.Errorf("%d, %v", got, ok)
	}
	for _, text := range []string{"", "much", "-1", "0", "NaN", "1e99", "0.3 vCPU", "1 GB", "inf", "nan vCPU"} {
		if got, ok := ParseCPU(text); ok {
			t.Errorf("%q is no size: %d", text, got)
		}
	}
}

func TestFargateSizes(t *testing.T) {
	for _, pair := range [][2]int64{{256, 512}, {256, 2048}, {512, 3072}, {512, 4096}, {1024, 2048}, {4096, 30720}, {8192, 20480}, {16384, 122880}} {
		if !FargateSize(pair[0], pair[1]) {
			t.Errorf("Fargate has %v", pair)
		}
	}
	for _, pair := range [][2]int64{{256, 3072}, {256, 1536}, {512, 512}, {1024, 2500}, {4096, 31744}, {8192, 17408}, {8192, 18432}, {16384, 36864}, {300, 512}, {100, 512}, {0, 0}} {
		if FargateSize(pair[0], pair[1]) {
			t.Errorf("Fargate has no %v", pair)
		}
	}
}

func FuzzParseMemory(f *testing.F) {
	f.Add("1 GB")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := ParseMemory(text); ok && n <= 0 {
			t.Errorf("%q: %d", text, n)
		}
	})
}
