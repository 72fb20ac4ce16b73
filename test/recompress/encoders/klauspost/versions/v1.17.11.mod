module example.test/barge/encoders/klauspost

go 1.21

require github.com/klauspost/compress v1.17.11
