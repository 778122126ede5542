package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
)

// BenchmarkProcess times whole processes: from start to exit, and the memory
// that they held at most.
func BenchmarkProcess(b *testing.B) {
	path := filepath.Join(built(b), "dspreflight")
	for _, args := range [][]string{{"version"}, {"check", "--fixture", "healthy"}} {
		b.Run(strings.Join(args, " "), func(b *testing.B) {
			var resident int64
			for b.Loop() {
				cmd := exec.Command(path, args...)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
					resident = max(resident, usage.Maxrss)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/run")
			b.ReportMetric(float64(resident)/1024, "MB-resident")
		})
	}
}

// BenchmarkManyTargets judges 20,000 targets that share an endpoint, a subnet and an
// agent, in a process of its own.
func BenchmarkManyTargets(b *testing.B) {
	const targets = 20000
	path, dir := filepath.Join(built(b), "dspreflight"), b.TempDir()
	if out := invoke(b, "fixtures", "--save", filepath.Join(dir, "estate"), "healthy"); out.code != 0 {
		b.Fatal(out.stderr)
	}
	config := "vpc-endpoint-id: vpce-0a1b2c3d4e5f60718\nsource-vpc-id: vpc-05a1b2c3d4e5f6071\nagent-instance-id: i-0a1b2c3d4e5f60719\ntargets:\n"
	for i := range targets {
		config += fmt.Sprintf("  - {name: target-%d}\n", i)
	}
	file := filepath.Join(dir, "targets.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	var resident int64
	var cpu time.Duration
	for b.Loop() {
		cmd := exec.Command(path, "check", "--snapshot", filepath.Join(dir, "estate"), "--config", file, "-o", "json="+filepath.Join(dir, "report.json"))
		if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 { // one subnet has no room for as many tasks
			b.Fatal(err)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			resident = max(resident, usage.Maxrss)
		}
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(cpu.Seconds()*1000/float64(b.N)/targets, "cpu-ms/target")
	b.ReportMetric(float64(resident)/1024, "MB-resident")
}

// BenchmarkLiveDepth reports how many round trips a live run waits for: the time
// that a delay of 100 ms on every call adds, in delays.
func BenchmarkLiveDepth(b *testing.B) {
	const delay = 100 * time.Millisecond
	for _, fixture := range []string{"healthy", "healthy-tgw"} {
		for _, role := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s,role=%v", fixture, role), func(b *testing.B) {
				took := map[time.Duration]time.Duration{}
				for b.Loop() {
					for _, d := range []time.Duration{0, delay} {
						start := time.Now()
						liveRun(b, fixture, d, role)
						took[d] += time.Since(start)
					}
				}
				b.ReportMetric(float64(took[delay]-took[0])/float64(b.N)/float64(delay), "delays")
			})
		}
	}
}

func serveTo(b *testing.B, fixture string, delay time.Duration) *fakeaws.Server {
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		b.Fatal(err)
	}
	s := fakeaws.New(b, files)
	s.Delay = delay
	for k, v := range s.Env() {
		b.Setenv(k, v)
	}
	return s
}

func liveRun(b *testing.B, fixture string, delay time.Duration, role bool) map[string]int {
	s := serveTo(b, fixture, delay)
	args := []string{"check", "--no-probe", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071", "--agent-instance-id", "i-0a1b2c3d4e5f60719", "-o", "json"}
	if role {
		args = append(args, "--source-role-arn", "arn:aws:iam::444455556666:role/Audit")
	}
	if out := invoke(b, args...); out.code != 0 {
		b.Fatalf("exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
	return s.Calls()
}

// BenchmarkCalls prints the number of AWS calls for more and more targets in the
// same two scopes, whose one subnet has no room for the tasks of them all.
func BenchmarkCalls(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			calls := 0
			for b.Loop() {
				s := serveTo(b, "healthy", 0)
				var config strings.Builder
				config.WriteString("region: us-east-1\nsource-region: ap-northeast-1\nsource-vpc-id: vpc-05a1b2c3d4e5f6071\nagent-instance-id: i-0a1b2c3d4e5f60719\ntargets:\n")
				for i := range n {
					fmt.Fprintf(&config, "  - {name: target-%d, tasks: %d}\n", i, i%20+1)
				}
				path := filepath.Join(b.TempDir(), "targets.yaml")
				if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
					b.Fatal(err)
				}
				if out := invoke(b, "check", "--no-probe", "--skip", "subnet-free-ips", "--config", path, "-o", "json"); out.code != 0 {
					b.Fatalf("exit code %d: %s", out.code, out.stderr)
				}
				calls = 0
				for _, c := range s.Calls() {
					calls += c
				}
			}
			b.ReportMetric(float64(calls), "calls")
		})
	}
}

// BenchmarkJudge judges 1,000 targets in 200 VPCs, every other one behind one of 20
// transit gateways that are peered with the agents', the rest peered with their VPC;
// with 5,000 security groups of 100,000 rules, 5,000 routes and 2,000 network ACL
// entries. And one, ten and a hundred of them, to show that the time for each stays
// the same.
func BenchmarkJudge(b *testing.B) {
	snap, all := largeEstate(b, 1000)
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			targets := all[:n]
			var peak uint64
			for b.Loop() {
				for _, j := range audit.JudgeAll(context.Background(), targets, snap, checks.All(), checks.All()) {
					if len(j.Results) == 0 {
						b.Fatal("no results")
					}
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/run")
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N)/float64(n), "ms/target")
			b.ReportMetric(float64(peak)/(1<<20), "MB-heap")
		})
	}
}
