// Go's net/http with go-redis on one core: what someone would pick for speed.
package main

import (
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

func main() {
	password, err := os.ReadFile(os.Getenv("REDIS_PASSWORD_FILE"))
	if err != nil {
		panic(err)
	}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Getenv("REDIS_PORT"), Password: string(password)})
	answer := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write([]byte(body))
	}
	http.HandleFunc("/api/v1/quotes/", func(w http.ResponseWriter, r *http.Request) {
		line, err := client.Get(r.Context(), "cache:quote:"+strings.TrimPrefix(r.URL.Path, "/api/v1/quotes/")).Result()
		if err != nil {
			http.Error(w, "no such symbol", http.StatusNotFound)
			return
		}
		answer(w, line)
	})
	http.HandleFunc("/api/v1/quotes", func(w http.ResponseWriter, r *http.Request) {
		keys := strings.Split(r.URL.Query().Get("symbols"), ",")
		for i, symbol := range keys {
			keys[i] = "cache:quote:" + symbol
		}
		found, err := client.MGet(r.Context(), keys...).Result()
		if err != nil {
			http.Error(w, "redis is away", http.StatusServiceUnavailable)
			return
		}
		lines := make([]string, 0, len(found))
		for _, line := range found {
			if text, ok := line.(string); ok {
				lines = append(lines, text)
			}
		}
		answer(w, `{"quotes":[`+strings.Join(lines, ",")+`]}`)
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
