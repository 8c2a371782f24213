package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/test/harness"
)

// TestAKillLosesNoCount: what a load balancer counted more than a second before
// a kill is told, once, with what came after it.
func TestAKillLosesNoCount(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("web", nil, w.Container("app", "serve", "8080"))
	b := balance(t, w, 8080)
	b.register(harness.Address(w.Until(w.Run("web"), "RUNNING")))
	begin, sent := time.Now().Truncate(time.Minute), 0.0
	request := func(n int) {
		t.Helper()
		for range n {
			w.Eventually("the balancer answers", func() bool { got, _ := harness.Get("http://" + b.address + "/"); return got == b.address })
			sent++
		}
	}
	request(17)
	for range 2 {
		time.Sleep(1500 * time.Millisecond) // what is counted less than a second before may be lost
		w.Kill()
		w.Up()
		request(7)
	}
	metrics := cloudwatch.NewFromConfig(aws.Config{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen), Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	})
	_, name, _ := strings.Cut(*b.balancer.LoadBalancerArn, ":loadbalancer/")
	time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
	var got float64
	w.Eventually("the minute is told", func() bool {
		out, err := metrics.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_Target_2XX_Count"), Period: aws.Int32(60),
			Dimensions: []cwtypes.Dimension{{Name: aws.String("LoadBalancer"), Value: &name}},
			StartTime:  &begin, EndTime: aws.Time(time.Now()), Statistics: []cwtypes.Statistic{cwtypes.StatisticSum},
		})
		if err != nil {
			t.Fatal(err)
		}
		got = 0
		for _, p := range out.Datapoints {
			got += aws.ToFloat64(p.Sum)
		}
		return got >= sent
	})
	if got != sent {
		t.Errorf("%v answers are told of, and %v came", got, sent)
	}
}
