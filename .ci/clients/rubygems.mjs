// Unpacks the RubyGems and Bundler that a build of Ruby for WebAssembly brings along: FOLDER of the build, FOLDER for
// the files. They are Ruby's own sources, and run on any Ruby that is new enough.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { WASI } from 'node:wasi'

const [build, folder] = process.argv.slice(2)
const { RubyVM } = createRequire(`${build}/package.json`)('@ruby/wasm-wasi')
const wasi = new WASI({ version: 'preview1', args: ['ruby'], env: {}, returnOnExit: true })
const module = await WebAssembly.compile(readFileSync(`${build}/dist/ruby+stdlib.wasm`))
const { vm } = await RubyVM.instantiateModule({ module, wasip1: wasi })
// Its folders leave out their last files when they are listed, so what the files name is looked for as well.
const files = vm
  .eval(
    `
  require "rbconfig"
  root = RbConfig::CONFIG["rubylibdir"]
  files, seen = {}, {}
  found = Dir[root + "/{rubygems,bundler}{.rb,/**/*}"]
  while (file = found.shift)
    file = File.expand_path(file, "/")
    next if seen[file] || !file.start_with?(root + "/rubygems", root + "/bundler")
    seen[file] = true
    next unless File.file?(file)
    text = File.binread(file)
    files[file.delete_prefix(root + "/")] = [text].pack("m0")
    text.scan(%r{["']([\\w./-]{1,60})["']}n) do |(name)|
      [File.dirname(file), root + "/bundler", root].each do |folder|
        found << File.join(folder, name) << File.join(folder, name + ".rb")
      end
    end
  end
  files.to_a.flatten.join(" ")
`
  )
  .toString()
  .split(' ')
for (let at = 0; at < files.length; at += 2) {
  const path = join(folder, files[at])
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, Buffer.from(files[at + 1], 'base64'))
}
// Node may crash when it takes down what it ran.
process.reallyExit(0)
