module example.test/barge/encoders/klauspost

go 1.24

require github.com/klauspost/compress v1.18.6
