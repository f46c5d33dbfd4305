// Unpacks the RubyGems and Bundler that a build of Ruby for WebAssembly brings along: FOLDER of the build, FOLDER for
// the files. They are Ruby's own sources, and run on any Ruby that is new enough.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { WASI } from 'node:wasi'

const [build, folder] = process.argv.slice(2)
const { RubyVM } = createRequire(`${build}/package.json`)('@ruby/wasm-wasi')
mkdirSync(folder, { recursive: true })
const wasi = new WASI({ version: 'preview1', args: ['ruby'], env: {}, preopens: { '/out': folder }, returnOnExit: true })
const module = await WebAssembly.compile(readFileSync(`${build}/dist/ruby+stdlib.wasm`))
const { vm } = await RubyVM.instantiateModule({ module, wasip1: wasi })
// Its folders leave out their last files when they are listed, so what the files name is looked for as well.
vm.eval(`
  require "fileutils"
  Dir.chdir(RbConfig::CONFIG["rubylibdir"]) do
    found = Dir["{rubygems,bundler}{.rb,/**/*}"]
    done = {}
    while (file = found.shift)
      file = file.delete_prefix("./")
      next if done[file] || !file.start_with?("rubygems", "bundler") || !File.file?(file)
      done[file] = true
      text = File.binread(file)
      FileUtils.mkdir_p(File.dirname("/out/#{file}"))
      File.binwrite("/out/#{file}", text)
      text.scan(/["']([\\\\w.\\/-]+)["']/) do |(name)|
        [File.dirname(file), "bundler", "."].each do |folder|
          found << File.join(folder, name) << File.join(folder, name + ".rb")
        end
      end
    end
  end
`)
