module example.test/barge/encoders/klauspost

go 1.19

require github.com/klauspost/compress v1.17.7
